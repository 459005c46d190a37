package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// lockPatience is how long our sessions wait for a table that pg_dump or another of them has locked already. Only
// somebody who queued up between the two for ACCESS EXCLUSIVE can be in the way, and he waits for us: neither would
// ever get on, and PostgreSQL can't see that our sessions belong together.
const lockPatience = time.Second

// disturbed is something that an application did to the tables between the snapshot and the last lock. With a new
// snapshot all may be well.
type disturbed struct{ object, what string }

func (d *disturbed) Error() string { return d.object + " " + d.what }

// lockSource makes what the snapshot sees of the tables readable to the end: the holders lock them, then the readers.
// The readers do it now, and not with their first COPY, because a TRUNCATE or ALTER that queues up behind the holders
// would block them, too.
func (r *run) lockSource(ctx context.Context, names []string, oids []uint32) error {
	r.tables = names
	r.lockAll = len(names)*(r.Jobs+len(r.snapshot.holders)+1) < r.srcFacts.LockSlots
	for _, holder := range r.snapshot.holders {
		if err := lockTables(ctx, holder, names); err != nil {
			return r.lockFailed(ctx, err, oids)
		}
	}
	rewritten, err := catalog.Rewritten(ctx, r.snapshot.holders[0], oids, names)
	switch {
	case err != nil:
		return fmt.Errorf("source: %w", err)
	case len(rewritten) > 0:
		return &disturbed{"table " + rewritten[0], "was truncated or rewritten, or its name given to another, after the snapshot was taken, which would read it wrongly"}
	case !r.lockAll:
		return nil
	}
	for range min(r.beginJobs, len(names)) {
		reader, err := r.openReader(ctx, r.readerOptions("copy-out"), 0)
		if err != nil {
			return err
		}
		r.snapshot.readers <- reader
		if err := lockTables(ctx, reader, names); err != nil {
			return r.lockFailed(ctx, err, oids)
		}
	}
	return nil
}

// lockTables takes ACCESS SHARE, on some hundred tables a statement.
func lockTables(ctx context.Context, conn *pgconn.PgConn, names []string) error {
	err := exec(ctx, conn, fmt.Sprintf("SET LOCAL lock_timeout = %d", lockPatience.Milliseconds()))
	for chunk := range slices.Chunk(names, 500) {
		if err != nil {
			break
		}
		err = exec(ctx, conn, "LOCK TABLE ONLY "+strings.Join(chunk, ", ONLY ")+" IN ACCESS SHARE MODE")
	}
	if err != nil {
		return fmt.Errorf("source: locking the tables: %w", err)
	}
	return nil
}

// lockFailed tells what a new snapshot may help against from what it can't.
func (r *run) lockFailed(ctx context.Context, err error, oids []uint32) error {
	var pgErr *pgconn.PgError
	switch {
	case !errors.As(err, &pgErr):
	case pgErr.Code == undefinedTable:
		return &disturbed{"a table", "was dropped or renamed after the snapshot was taken (" + pgErr.Message + ")"}
	case pgErr.Code == lockNotAvailable:
		return &disturbed{"another session", "wants a lock that excludes reading, and is let through: " + r.lockers(ctx, oids)}
	}
	return err
}

// dumpFailed tells whether pg_dump may have failed because its snapshot shows what is no longer there: it looks up
// tables by name, and asks for definitions of what they were.
func (r *run) dumpFailed(ctx context.Context, err error) error {
	const catalogs = `
SELECT pg_catalog.md5(pg_catalog.string_agg(o || ' ' || x, ',' ORDER BY o, x::text))
  FROM (SELECT oid, xmin FROM pg_catalog.pg_class UNION ALL SELECT oid, xmin FROM pg_catalog.pg_type UNION ALL
        SELECT oid, xmin FROM pg_catalog.pg_proc UNION ALL SELECT oid, xmin FROM pg_catalog.pg_constraint) AS c (o, x)`
	conn, connErr := r.src.Connect(ctx, "pgsluice", nil)
	if connErr != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	then, thenErr := catalog.Row(ctx, r.snapshot.holders[0], catalogs)
	now, nowErr := catalog.Row(ctx, conn, catalogs)
	if thenErr == nil && nowErr == nil && then[0] != now[0] {
		return &disturbed{"the schema", "was changed after the snapshot was taken (" + err.Error() + ")"}
	}
	return r.nameLockers(ctx, err, nil)
}

// nameLockers adds to an error about a lock that was not to be had who holds or wants the table.
func (r *run) nameLockers(ctx context.Context, err error, oids []uint32) error {
	if code(err) != lockNotAvailable && !strings.Contains(err.Error(), "lock timeout") {
		return err
	}
	return fmt.Errorf("%w; a table is locked by %s", err, r.lockers(ctx, oids))
}

func (r *run) lockers(ctx context.Context, oids []uint32) string {
	if r.src == nil {
		return "a session that can't be seen"
	}
	conn, err := r.src.Connect(ctx, "pgsluice", nil)
	if err == nil {
		defer catalog.Close(ctx, conn)
		if names := catalog.ExclusiveLocks(ctx, conn, oids); names != "" {
			return names
		}
	}
	return "a session that can't be seen"
}
