package transfer

import (
	"context"
	"errors"
	"fmt"

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
	// readers wait here for the workers that will use them, with the snapshot imported and every table locked.
	readers chan *pgconn.PgConn
}

const beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"

func (r *run) openSnapshot(ctx context.Context) (*snapshot, error) {
	s := &snapshot{readers: make(chan *pgconn.PgConn, r.Jobs)}
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

// importInto begins a transaction under the snapshot. The loss of one holder takes its id away, but not the other's.
func (s *snapshot) importInto(ctx context.Context, conn *pgconn.PgConn) (err error) {
	for _, id := range s.ids {
		if err = beginReading(ctx, conn, id); err == nil || conn.IsClosed() {
			return err
		}
		rollback(ctx, conn)
	}
	return err
}

// close ends the holders and the readers that no worker took. It may be called again.
func (s *snapshot) close(ctx context.Context) {
	for {
		select {
		case conn := <-s.readers:
			catalog.Close(ctx, conn)
			continue
		default:
		}
		break
	}
	for _, conn := range s.holders {
		if conn != nil {
			catalog.Close(ctx, conn)
		}
	}
}

// snapshotTries is how often a snapshot is taken because of what an application did to the tables meanwhile.
const snapshotTries = 3

// open takes the snapshot, reads the table of contents and locks the tables: after it, what the source's tables hold
// as of the snapshot can be read until the transaction of the last reader ends.
func (r *run) open(ctx context.Context) (*archive.TOC, *catalog.Source, error) {
	program, err := pgdump.Choose(ctx, r.PgDump, r.srcFacts.Version/10000)
	if err != nil {
		return nil, nil, err
	}
	r.result.PgDumpPath, r.result.PgDumpVersion = program.Path, program.Version
	if target := r.dstFacts.Version / 10000; program.Major > target {
		r.warn("pg_dump", fmt.Sprintf("version %s is newer than the target, %d, and may write what that does not know: --pg-dump names another", program.Version, target))
	}
	r.Log.Info("using pg_dump", zap.String("path", program.Path), zap.String("version", program.Version))
	for try := 1; ; try++ {
		toc, err := r.tryOpen(ctx, program)
		if err == nil {
			source, err := catalog.ReadSource(ctx, r.snapshot.holders[0])
			return toc, source, err
		}
		var d *disturbed
		if !errors.As(err, &d) {
			return nil, nil, err
		}
		if try == snapshotTries {
			return nil, nil, fmt.Errorf("source: %w; the like happened %d times in a row: try again when it has ended", d, try)
		}
		r.warn(d.object, d.what+": a new snapshot is taken")
		r.snapshot.close(ctx)
		r.snapshot = nil
	}
}

// tryOpen leaves r.snapshot open, also with an error, and its tables locked.
func (r *run) tryOpen(ctx context.Context, program pgdump.Program) (*archive.TOC, error) {
	var err error
	if r.snapshot, err = r.openSnapshot(ctx); err != nil {
		return nil, err
	}
	r.result.Snapshot = r.snapshot.ids[0]
	conn, err := r.src.Connect(ctx, "pgsluice pg_dump", nil)
	if err != nil {
		return nil, err
	}
	step := "reading the table of contents with pg_dump " + program.Version
	r.Progress.Step(step)
	alone := r.tellBlockers(ctx, r.src, conn.PID(), step)
	child, err := pgdump.Start(ctx, program, conn, pgdump.Options{
		Snapshot: r.snapshot.ids[0], Encoding: r.srcFacts.Encoding, LockWait: lockWait,
	})
	if err != nil {
		alone()
		return nil, err
	}
	defer child.Stop() // from then on our own locks stand in for the child's
	toc, err := child.TOC(ctx)
	alone()
	if err != nil {
		return nil, r.dumpFailed(ctx, err)
	}
	for _, line := range child.Warnings() {
		r.warn("pg_dump", line)
	}
	if r.SchemaOnly {
		return toc, nil
	}
	names, oids := tablesWithData(toc)
	return toc, r.lockSource(ctx, names, oids)
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
