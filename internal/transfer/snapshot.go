package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/pgdump"
)

// snapshot is one exported snapshot on two holders: the second imported it and exports it again, so that one of them
// may die (FACTS.md 2). Both hold ACCESS SHARE on every table that is copied. No COPY ever runs on them.
type snapshot struct {
	holders [2]*pgconn.PgConn // the keeper's alone, while there is one
	// readers wait here for the workers that will use them, with the snapshot imported and every table locked.
	readers chan *pgconn.PgConn

	mu     sync.Mutex
	ids    [2]string
	closed bool
	unkeep func() // ends the keeper; nil if there is none
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
	return export(ctx, conn)
}

func export(ctx context.Context, conn *pgconn.PgConn) (string, error) {
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

// importInto begins a transaction under the snapshot. The loss of one holder takes its id away, but not the other's. It
// fails with errSnapshotLost if there is none of them.
func (s *snapshot) importInto(ctx context.Context, conn *pgconn.PgConn) (err error) {
	for tried := [2]string{}; ; {
		ids := s.names()
		if ids == tried {
			return fmt.Errorf("%w (%w)", errSnapshotLost, err)
		}
		for _, id := range ids {
			if err = beginReading(ctx, conn, id); err == nil || code(err) == "" || conn.IsClosed() {
				return err
			}
			rollback(ctx, conn)
			if conn.IsClosed() {
				return err
			}
		}
		tried = ids // a holder may have been replaced meanwhile
	}
}

func (s *snapshot) names() [2]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids
}

// released reports whether the source has been let go.
func (s *snapshot) released() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// close ends the keeper, the holders and the readers that no worker took. It may be called again.
func (s *snapshot) close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	unkeep := s.unkeep
	s.unkeep = nil
	s.mu.Unlock()
	if unkeep != nil {
		unkeep()
	}
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
	if r.dstFacts != nil && program.Major > r.dstFacts.Version/10000 {
		r.warn("pg_dump", fmt.Sprintf("version %s is newer than the target, %d, and may write what that does not know: --pg-dump names another", program.Version, r.dstFacts.Version/10000))
	}
	r.Log.Info("using pg_dump", zap.String("path", program.Path), zap.String("version", program.Version))
	for try := 1; ; try++ {
		toc, err := r.tryOpen(ctx, program)
		var source *catalog.Source
		if err == nil {
			source, err = catalog.ReadSource(ctx, r.snapshot.holders[0])
		}
		if err == nil {
			r.xids, err = catalog.VisibleXIDs(ctx, r.snapshot.holders[0], r.srcFacts.Version)
		}
		if err == nil {
			r.splits, err = r.split(ctx, r.snapshot.holders[0], source)
		}
		if err == nil {
			r.formats, err = r.readFormats(ctx, r.snapshot.holders[0])
		}
		if err == nil {
			return toc, source, nil
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
	r.result.Snapshot = r.snapshot.names()[0]
	conn, err := r.src.Connect(ctx, "pgsluice pg_dump", nil)
	if err != nil {
		return nil, err
	}
	step := "reading the table of contents with pg_dump " + program.Version
	r.Progress.Step(step)
	alone := r.tellBlockers(ctx, r.src, conn.PID(), step)
	child, err := pgdump.Start(ctx, program, conn, pgdump.Options{
		Snapshot: r.snapshot.names()[0], Encoding: r.srcFacts.Encoding, LockWait: r.LockTimeout, Selection: r.selection,
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
