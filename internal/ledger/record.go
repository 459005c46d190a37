package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

var (
	// ErrDone says that an earlier attempt has committed: its answer was lost.
	ErrDone = errors.New("it is done already")
	// ErrFenced says that another run has taken over.
	ErrFenced = errors.New("another pgsluice has taken this transfer over, or its ledger was removed")
)

// Record is a task's row in the ledger.
type Record struct {
	Key      string
	Fence    int64
	Snapshot int
	Unlogged bool // the task fills an unlogged table
	Again    bool // it is done by each run, also if it is recorded
}

func (r Record) table() string {
	if r.Unlogged {
		return "_pgsluice.unlogged"
	}
	return "_pgsluice.ledger"
}

const (
	uniqueViolation = "23505"
	undefinedTable  = "42P01"
)

// onceMore lets what is done by each run be recorded already.
const onceMore = " ON CONFLICT (key) DO UPDATE SET snapshot = excluded.snapshot, begun = excluded.begun"

// Begin begins the transaction of a task and claims its key in it, which waits for another attempt that is still at it. It
// fails with ErrDone or ErrFenced; the transaction is then to be rolled back, as after any other error.
//
// The fence's row is locked to the end of the transaction: who takes over raises it, and so waits for all that may still commit.
func (r Record) Begin(ctx context.Context, conn *pgconn.PgConn) error {
	sql := fmt.Sprintf("BEGIN; INSERT INTO %s (key, snapshot) SELECT %s, %d FROM (SELECT FROM _pgsluice.transfer WHERE fence = %d FOR SHARE) AS t",
		r.table(), catalog.Literal(r.Key), r.Snapshot, r.Fence)
	if r.Again {
		sql += onceMore
	}
	results, err := conn.Exec(ctx, sql).ReadAll()
	var refused *pgconn.PgError
	switch {
	case err == nil && results[len(results)-1].CommandTag.RowsAffected() == 0:
		return ErrFenced
	case errors.As(err, &refused) && refused.Code == uniqueViolation:
		return ErrDone
	case errors.As(err, &refused) && refused.Code == undefinedTable:
		return ErrFenced
	}
	return err
}

// Commit records what was counted and commits.
func (r Record) Commit(ctx context.Context, conn *pgconn.PgConn, rows, bytes int64) error {
	sql := "COMMIT"
	if rows > 0 || bytes > 0 {
		sql = fmt.Sprintf("UPDATE %s SET rows = %d, bytes = %d, finished = pg_catalog.clock_timestamp() WHERE key = %s; COMMIT",
			r.table(), rows, bytes, catalog.Literal(r.Key))
	}
	return commit(ctx, conn, sql)
}

// commit runs SQL that ends in COMMIT.
func commit(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return err
	}
	if tag := results[len(results)-1].CommandTag.String(); tag != "COMMIT" {
		return fmt.Errorf("the server has answered %s to COMMIT", tag) // of a transaction that had failed before, and not a word more
	}
	return nil
}

// Counted is what a record that is there already has counted.
func (r Record) Counted(ctx context.Context, conn *pgconn.PgConn) (rows, bytes int64, err error) {
	row, err := catalog.Row(ctx, conn, "SELECT rows, bytes FROM "+r.table()+" WHERE key = $1", r.Key)
	if err != nil {
		return 0, 0, err
	}
	return number(row[0]), number(row[1]), nil
}

// Failed records why an entry could not be made.
func Failed(ctx context.Context, conn *pgconn.PgConn, key, message string) error {
	_, err := catalog.Rows(ctx, conn, "UPDATE _pgsluice.entry SET error = $2 WHERE key = $1", key, message)
	return err
}

// Enter is what each session that writes does first: it leaves its backend's pid, by which a later run can end it, and looks
// for the mark. crashed says that there is none. It fails with ErrFenced if the ledger is gone or another run's.
func Enter(ctx context.Context, conn *pgconn.PgConn, work string, fence int64) (crashed bool, err error) {
	row, err := catalog.Row(ctx, conn, `
WITH me AS (INSERT INTO _pgsluice.backend (pid, started, work)
            SELECT pid, coalesce(backend_start, pg_catalog.now()), $1 FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid())
SELECT NOT EXISTS (SELECT FROM _pgsluice.unlogged WHERE key = $2), EXISTS (SELECT FROM _pgsluice.transfer WHERE fence = $3::int8)`,
		work, mark, strconv.FormatInt(fence, 10))
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == undefinedTable:
		return false, ErrFenced
	case err != nil:
		return false, err
	case row[1] != "t":
		return false, ErrFenced
	}
	return row[0] == "t", nil
}

// Forget begins a transaction in which the keys, a text array, are not done.
func Forget(ctx context.Context, conn *pgconn.PgConn, fence int64, keys string) error {
	if _, err := conn.Exec(ctx, "BEGIN").ReadAll(); err != nil {
		return err
	}
	rows, err := catalog.Rows(ctx, conn, "SELECT FROM _pgsluice.transfer WHERE fence = $1::int8 FOR SHARE", strconv.FormatInt(fence, 10))
	if err == nil && len(rows) == 0 {
		err = ErrFenced
	}
	for _, table := range []string{"ledger", "unlogged"} {
		if err == nil {
			_, err = catalog.Rows(ctx, conn, "DELETE FROM _pgsluice."+table+" WHERE key = ANY ($1::text[])", keys)
		}
	}
	return err
}

// Raise takes the transfer over: it raises the fence, once nothing under the old one can commit any more, and forgets the
// old run's backends.
func Raise(ctx context.Context, conn *pgconn.PgConn) (fence int64, err error) {
	row, err := catalog.Row(ctx, conn, "WITH gone AS (DELETE FROM _pgsluice.backend) UPDATE _pgsluice.transfer SET fence = fence + 1 RETURNING fence")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(row[0], 10, 64)
}
