package gauge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// scratch is the schema on the target that this run has made, or is about to make. Its comment tells it from that of
// another run.
type scratch struct {
	comment string
	conn    *pgconn.PgConn
}

const linkTable = Schema + ".link"

func rowsTable(stream int) string { return fmt.Sprintf("%s.rows_%d", Schema, stream+1) }

// errTaken says that there is such a schema, which this run did not make.
func errTaken(database, comment string) error {
	if comment != "" {
		comment = " (" + comment + ")"
	}
	return refuse("schema %s is there in database %q already%s: another bench is at work, or one was killed. If none is, remove it with: DROP SCHEMA %s CASCADE",
		Schema, database, comment, Schema)
}

// makeScratch makes the schema with a table for each stream, as a copy would make them: logged, without indexes.
func (g *gauge) makeScratch(ctx context.Context) (err error) {
	if g.scratch.conn, err = g.writer(ctx); err != nil {
		return err
	}
	var sql strings.Builder // one message is one transaction
	fmt.Fprintf(&sql, "CREATE SCHEMA %s; COMMENT ON SCHEMA %s IS %s; CREATE TABLE %s (v bytea);", Schema, Schema, catalog.Literal(g.scratch.comment), linkTable)
	columns := make([]string, len(g.sample.types))
	for i, t := range g.sample.types {
		columns[i] = fmt.Sprintf("c%d %s", i+1, t)
	}
	for i := range g.Jobs {
		fmt.Fprintf(&sql, "CREATE TABLE %s (%s);", rowsTable(i), strings.Join(columns, ", "))
	}
	_, err = g.scratch.conn.Exec(ctx, sql.String()).ReadAll()
	var pgErr *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &pgErr) && pgErr.Code == "42P06":
		return errTaken(g.dstFacts.Database, "")
	}
	return fmt.Errorf("target: making schema %s: %w", Schema, err)
}

// emptyScratch gives the room back that a measurement has taken.
func (g *gauge) emptyScratch(ctx context.Context) error {
	tables := make([]string, g.Jobs)
	for i := range tables {
		tables[i] = rowsTable(i)
	}
	if _, err := g.scratch.conn.Exec(ctx, "TRUNCATE "+strings.Join(tables, ", ")).ReadAll(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("target: emptying the scratch tables: %w", err)
	}
	return nil
}

const (
	removeTime  = 30 * time.Second // to connect again and drop, all tries together
	removePause = 500 * time.Millisecond
)

// LeftBehind is the error of a run that could not remove its schema from the target.
type LeftBehind struct {
	Database string
	Err      error
}

func (e *LeftBehind) Error() string {
	return fmt.Sprintf("schema %s may be left in database %q of the target, because it could not be removed: %s. Remove it there with: DROP SCHEMA %s CASCADE",
		Schema, e.Database, oneLine(e.Err), Schema)
}

func (e *LeftBehind) Unwrap() error { return e.Err }

// removeScratch drops the schema if this run has made it. It works also when ctx is over, and tries again when a connection
// fails, within a deadline of its own.
func (g *gauge) removeScratch(ctx context.Context) error {
	if g.scratch.conn != nil {
		catalog.Close(ctx, g.scratch.conn)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.removeTime)
	defer cancel()
	for {
		err := g.dropScratch(ctx)
		var pgErr *pgconn.PgError
		final := errors.As(err, &pgErr) && survivable(err) && pgErr.Code != "55P03"
		if err == nil {
			return nil
		}
		pause := time.NewTimer(removePause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			final = true
		}
		pause.Stop()
		if final {
			return &LeftBehind{Database: g.dst.Database(), Err: err}
		}
	}
}

func (g *gauge) dropScratch(ctx context.Context) error {
	conn, err := g.writer(ctx) // the old one may be in the middle of something
	if err != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	comment, there, err := scratchComment(ctx, conn)
	if err != nil || !there || comment != g.scratch.comment {
		return err
	}
	_, err = conn.Exec(ctx, "DROP SCHEMA "+Schema+" CASCADE").ReadAll()
	return err
}

// scratchComment says whether the schema is there, and what its comment is.
func scratchComment(ctx context.Context, conn *pgconn.PgConn) (comment string, there bool, err error) {
	rows, err := catalog.Rows(ctx, conn,
		"SELECT pg_catalog.obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname = '"+Schema+"'")
	if err != nil || len(rows) == 0 {
		return "", false, err
	}
	return rows[0][0], true, nil
}
