package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/stages"
)

// SQLSTATEs that decide what is done next.
const (
	duplicateSchema       = "42P06"
	undefinedTable        = "42P01"
	undefinedFunction     = "42883"
	undefinedObject       = "42704"
	invalidSchemaName     = "3F000"
	insufficientPrivilege = "42501"
	lockNotAvailable      = "55P03"
	outOfMemory           = "53200"
)

func code(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// exec runs SQL whose rows nobody wants, as one message.
func exec(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	_, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (r *run) readerOptions(work string) catalog.SessionOptions {
	return catalog.SessionOptions{
		Role: catalog.Reader, Encoding: r.srcFacts.Encoding, LockTimeout: lockWait, Application: "pgsluice " + work,
	}
}

// openReader opens a session that reads under the snapshot. While there is room in the source's lock table it
// locks every table to be copied at once: a TRUNCATE or ALTER that queues up behind a holder would otherwise block
// the COPY that comes after it, too.
func (r *run) openReader(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := catalog.OpenSession(ctx, r.src, r.readerOptions("copy-out"))
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	err = beginReading(ctx, conn, r.snapshot.ids[0])
	if err == nil && r.lockAll {
		err = lockTables(ctx, conn, r.tables)
	}
	if err != nil {
		catalog.Close(ctx, conn)
		return nil, fmt.Errorf("source: reading under the snapshot: %w", err)
	}
	return conn, nil
}

// writer is a session on the target.
type writer struct {
	conn *pgconn.PgConn
}

func (r *run) openWriter(ctx context.Context, work string) (*writer, error) {
	conn, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice " + work, Configure: stages.WatchErrors,
	})
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if r.replicaRole {
		if err := exec(ctx, conn, "SET session_replication_role = replica"); err != nil {
			catalog.Close(ctx, conn)
			return nil, fmt.Errorf("target: %w", err)
		}
	}
	return &writer{conn: conn}, nil
}

// streams are the two sessions of one worker, opened when first needed and anew after one broke.
type streams struct {
	run    *run
	reader *pgconn.PgConn
	writer *writer
	work   string // of the writer
}

func (s *streams) open(ctx context.Context, withReader bool) (err error) {
	if withReader && (s.reader == nil || s.reader.IsClosed()) {
		if s.reader, err = s.run.openReader(ctx); err != nil {
			return err
		}
	}
	if s.writer == nil || s.writer.conn.IsClosed() {
		s.writer, err = s.run.openWriter(ctx, s.work)
	}
	return err
}

// close ends both and waits for pgx's clean-up of what it closed by itself.
func (s *streams) close(ctx context.Context) {
	if s.reader != nil {
		catalog.Close(ctx, s.reader)
	}
	if s.writer != nil {
		catalog.Close(ctx, s.writer.conn)
	}
}
