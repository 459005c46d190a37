package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/pgdump"
)

// snapshot is one exported snapshot on two holders: the second imported it and exports it again, so that one of them
// may die (FACTS.md 2). Both hold ACCESS SHARE on every table that is copied. No COPY ever runs on them.
type snapshot struct {
	holders [2]*pgconn.PgConn
	ids     [2]string
}

const beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"

func (r *run) openSnapshot(ctx context.Context) (*snapshot, error) {
	s := &snapshot{}
	for i := range s.holders {
		conn, err := catalog.OpenSession(ctx, r.src, r.readerOptions("snapshot"))
		if err != nil {
			s.close(ctx)
			return nil, err
		}
		s.holders[i] = conn
		if s.ids[i], err = beginAndExport(ctx, conn, s.ids[0]); err != nil {
			s.close(ctx)
			return nil, fmt.Errorf("source: snapshot: %w", err)
		}
	}
	return s, nil
}

func beginAndExport(ctx context.Context, conn *pgconn.PgConn, imported string) (string, error) {
	if err := beginReading(ctx, conn, imported); err != nil {
		return "", err
	}
	row, err := catalog.Row(ctx, conn, "SELECT pg_catalog.pg_export_snapshot()")
	if err != nil {
		return "", err
	}
	return row[0], nil
}

// beginReading begins a transaction on a reader, under the snapshot id if there is one.
func beginReading(ctx context.Context, conn *pgconn.PgConn, id string) error {
	err := exec(ctx, conn, beginSnapshot)
	if err == nil && id != "" {
		err = exec(ctx, conn, "SET TRANSACTION SNAPSHOT "+catalog.Literal(id))
	}
	return err
}

func (s *snapshot) close(ctx context.Context) {
	for _, conn := range s.holders {
		if conn != nil {
			catalog.Close(ctx, conn)
		}
	}
}

// snapshotTries is how often a snapshot is taken anew because a table was rewritten under it.
const snapshotTries = 3

// open takes the snapshot, reads the table of contents and locks the tables: after it, what the source's tables hold
// as of the snapshot can be read until the transaction of the last reader ends.
func (r *run) open(ctx context.Context) (*archive.TOC, *catalog.Source, error) {
	program, err := pgdump.Choose(ctx, r.PgDump, r.srcFacts.Version/10000)
	if err != nil {
		return nil, nil, err
	}
	r.result.PgDumpPath, r.result.PgDumpVersion = program.Path, program.Version
	r.Log.Info("using pg_dump", zap.String("path", program.Path), zap.String("version", program.Version))
	var rewritten []string
	for range snapshotTries {
		var toc *archive.TOC
		toc, rewritten, err = r.tryOpen(ctx, program)
		if err != nil {
			return nil, nil, err
		}
		if len(rewritten) == 0 {
			source, err := catalog.ReadSource(ctx, r.snapshot.holders[0])
			return toc, source, err
		}
		r.warn(rewritten[0], "was truncated or rewritten after the snapshot was taken, which would read it as empty: a new snapshot is taken")
		r.snapshot.close(ctx)
		r.snapshot = nil
	}
	return nil, nil, fmt.Errorf("source: table %s was truncated or rewritten while the snapshot was taken, %d times in a row: try when this has ended",
		rewritten[0], snapshotTries)
}

// tryOpen leaves r.snapshot open and locked unless it returns an error or names of rewritten tables.
func (r *run) tryOpen(ctx context.Context, program pgdump.Program) (toc *archive.TOC, rewritten []string, err error) {
	if r.snapshot, err = r.openSnapshot(ctx); err != nil {
		return nil, nil, err
	}
	r.result.Snapshot = r.snapshot.ids[0]
	conn, err := r.src.Connect(ctx, "pgsluice pg_dump", nil)
	if err != nil {
		return nil, nil, err
	}
	r.Progress.Step("reading the table of contents with pg_dump " + program.Version)
	child, err := pgdump.Start(ctx, program, conn, pgdump.Options{
		Snapshot: r.snapshot.ids[0], Encoding: r.srcFacts.Encoding, LockWait: lockWait,
	})
	if err != nil {
		return nil, nil, err
	}
	defer child.Stop() // from then on the holders' locks stand in for the child's
	if toc, err = child.TOC(ctx); err != nil {
		return nil, nil, r.nameLockers(ctx, err, nil)
	}
	for _, line := range child.Warnings() {
		r.warn("pg_dump", line)
	}
	if r.SchemaOnly {
		return toc, nil, nil
	}
	names, oids := tablesWithData(toc)
	r.tables = names
	r.lockAll = len(names)*(r.Jobs+len(r.snapshot.holders)+1) < r.srcFacts.LockSlots
	for _, holder := range r.snapshot.holders {
		if err := lockTables(ctx, holder, names); err != nil {
			var pgErr *pgconn.PgError
			if errors.As(err, &pgErr) && pgErr.Code == undefinedTable {
				// dropped after the snapshot was taken: the next one does not have it
				return toc, []string{strings.TrimSuffix(strings.TrimPrefix(pgErr.Message, `relation "`), `" does not exist`)}, nil
			}
			return nil, nil, r.nameLockers(ctx, err, oids)
		}
	}
	rewritten, err = catalog.Rewritten(ctx, r.snapshot.holders[0], oids)
	return toc, rewritten, err
}

func tablesWithData(toc *archive.TOC) (names []string, oids []uint32) {
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Desc == "TABLE DATA" {
			names = append(names, archive.QualifiedName(e.Namespace, e.Tag))
			oids = append(oids, e.CatalogID.OID)
		}
	}
	return names, oids
}

// lockTables takes ACCESS SHARE, on some hundred tables a statement.
func lockTables(ctx context.Context, conn *pgconn.PgConn, names []string) error {
	for chunk := range slices.Chunk(names, 500) {
		if err := exec(ctx, conn, "LOCK TABLE ONLY "+strings.Join(chunk, ", ONLY ")+" IN ACCESS SHARE MODE"); err != nil {
			return fmt.Errorf("source: locking the tables: %w", err)
		}
	}
	return nil
}

// nameLockers adds to an error about a lock that was not to be had who holds or wants the table.
func (r *run) nameLockers(ctx context.Context, err error, oids []uint32) error {
	var pgErr *pgconn.PgError
	timedOut := errors.As(err, &pgErr) && pgErr.Code == lockNotAvailable || strings.Contains(err.Error(), "lock timeout")
	if !timedOut {
		return err
	}
	conn, connErr := r.src.Connect(ctx, "pgsluice", nil)
	if connErr != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	if holders := catalog.ExclusiveLocks(ctx, conn, oids); holders != "" {
		return fmt.Errorf("%w; a table is locked by %s", err, holders)
	}
	return err
}
