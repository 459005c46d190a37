package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// claimKey is the advisory lock of whoever writes to a database: "pgsluice" in ASCII.
const claimKey = "8099569364512629605"

const (
	// Pulse is how often the session that holds the claim asks for something: a sign of life that others can see.
	Pulse = 10 * time.Second
	// silence is after how long without one a claim is void: its machine lost its power, or its network.
	silence = 3*Pulse + Pulse/2
	// glance is how often somebody who waits for a claim looks.
	glance = 250 * time.Millisecond
	// ending is how long a backend may take to end: as long as its server's disk may hang.
	ending = time.Minute
)

// Busy says that another pgsluice is at work on the database.
type Busy struct {
	PID string // of its backend; "" if it can't be seen
}

func (e *Busy) Error() string {
	if e.PID == "" {
		return "another pgsluice is writing to this database"
	}
	return "another pgsluice is writing to this database: its backend there is pid " + e.PID
}

// Claim makes conn the one session that may write a transfer into its database, for as long as it lasts. It fails with a *Busy
// if there is another; takeOver waits for that to end, to give a sign of life, which fails too, or to be silent for too
// long, whereupon it is ended.
func Claim(ctx context.Context, conn *pgconn.PgConn, takeOver bool) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	first := holder{}
	for {
		row, err := catalog.Row(ctx, conn, "SELECT pg_catalog.pg_try_advisory_lock($1::int8)", claimKey)
		if err != nil {
			return fmt.Errorf("advisory lock: %w", err)
		}
		if row[0] == "t" {
			return nil
		}
		h, err := claimHolder(ctx, conn)
		switch {
		case err != nil:
			return err
		case h.pid == "": // it has just gone
		case !takeOver, h.seen == "":
			return &Busy{PID: h.pid}
		case first.pid == "":
			first = h
		case h.pid != first.pid || h.seen != first.seen:
			return &Busy{PID: h.pid} // it lives
		case h.silent > silence:
			if err := end(ctx, conn, "pid = "+h.pid); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// holder is the backend that holds the claim.
type holder struct {
	pid    string
	seen   string // when it last did something; "" where that can't be seen
	silent time.Duration
}

func claimHolder(ctx context.Context, conn *pgconn.PgConn) (holder, error) {
	rows, err := catalog.Rows(ctx, conn, `
SELECT l.pid, a.state_change, coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::int8, 0)
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
  LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND d.datname = pg_catalog.current_database() AND (l.classid::int8 << 32 | l.objid::int8) = $1::int8`, claimKey)
	if err != nil || len(rows) == 0 {
		return holder{}, err
	}
	return holder{rows[0][0], rows[0][1], time.Duration(number(rows[0][2])) * time.Second}, nil
}

// Worker is the session that holds a claim.
type Worker struct {
	PID string
	// Seen says that its last sign of life can be seen, and Silent how long ago that was.
	Seen   bool
	Silent time.Duration
}

// Gone reports whether the claim is void: who took it has given no sign of life for too long.
func (w *Worker) Gone() bool { return w.Seen && w.Silent > silence }

// Held gives who holds the claim on the database of conn, nil if nobody does.
func Held(ctx context.Context, conn *pgconn.PgConn) (*Worker, error) {
	h, err := claimHolder(ctx, conn)
	if err != nil || h.pid == "" {
		return nil, err
	}
	return &Worker{PID: h.pid, Seen: h.seen != "", Silent: max(h.silent, 0)}, nil
}

// writers are the sessions on a target, by the names that they give themselves.
var writers = []string{"pgsluice schema", "pgsluice copy-in", "pgsluice post-data"}

// EndOld ends the backends of runs before this one, which holds the claim, and returns when they have gone: they go on with
// what their client asked for after he has died (FACTS.md 18).
func EndOld(ctx context.Context, conn *pgconn.PgConn) error {
	return end(ctx, conn, ourDatabase+` AND (`+writes()+`
  OR (pid, backend_start) IN (SELECT pid, started FROM _pgsluice.backend))`)
}

// EndWriters is EndOld where there is no ledger yet.
func EndWriters(ctx context.Context, conn *pgconn.PgConn) error {
	return end(ctx, conn, ourDatabase+" AND "+writes())
}

const ourDatabase = "datname = pg_catalog.current_database() AND usename = current_user"

func writes() string { return `application_name = ANY ('{"` + strings.Join(writers, `","`) + `"}')` }

// EndBackend ends a backend of ours whose client has lost it, if it is still there. pid may be somebody else's by now:
// then nothing happens.
func EndBackend(ctx context.Context, conn *pgconn.PgConn, pid uint32) error {
	return end(ctx, conn, oneOfOurs(pid))
}

// Terminate asks for a backend's end, as EndBackend does, and does not wait for it.
func Terminate(ctx context.Context, conn *pgconn.PgConn, pid uint32) error {
	_, err := terminate(ctx, conn, oneOfOurs(pid))
	return err
}

func oneOfOurs(pid uint32) string {
	return "pid = " + strconv.FormatUint(uint64(pid), 10) + " AND usename = current_user AND application_name LIKE 'pgsluice %'"
}

// terminate gives the pids that it has signalled.
func terminate(ctx context.Context, conn *pgconn.PgConn, which string) ([][]string, error) {
	rows, err := catalog.Rows(ctx, conn, `
WITH hit AS MATERIALIZED (SELECT pid FROM pg_catalog.pg_stat_activity WHERE pid <> pg_catalog.pg_backend_pid() AND `+which+`)
SELECT pid, pg_catalog.pg_terminate_backend(pid) FROM hit`)
	if err != nil {
		return nil, fmt.Errorf("ending the backends of an earlier attempt: %w", err)
	}
	return rows, nil
}

// end terminates the backends that a condition picks, again and again until there is none.
func end(ctx context.Context, conn *pgconn.PgConn, which string) error {
	tick := time.NewTicker(glance / 5)
	defer tick.Stop()
	for deadline := time.Now().Add(ending); ; {
		rows, err := terminate(ctx, conn, which)
		switch {
		case err != nil:
			return err
		case len(rows) == 0:
			return nil
		case time.Now().After(deadline):
			return errors.New("a backend of an earlier attempt does not end: pid " + rows[0][0])
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
