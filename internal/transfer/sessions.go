package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/progress"
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
	foreignKeyViolation   = "23503"
	tooManyConnections    = "53300"
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
		Role: catalog.Reader, Encoding: r.srcFacts.Encoding, LockTimeout: r.LockTimeout, Application: "pgsluice " + work,
	}
}

// rollback ends a failed transaction, also under a context that is cancelled. A session that can't do it in time is
// closed, and the server ends its transaction.
func rollback(ctx context.Context, conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackDeadline)
	defer cancel()
	if conn.IsClosed() || exec(ctx, conn, "ROLLBACK") != nil {
		catalog.Close(ctx, conn)
	}
}

const rollbackDeadline = 3 * time.Second // it takes milliseconds where the server answers at all

// openReader opens a session that reads under the snapshot, in place of the backend lost, if that is not 0.
func (r *run) openReader(ctx context.Context, opt catalog.SessionOptions, lost uint32) (*pgconn.PgConn, error) {
	conn, err := catalog.OpenSession(ctx, r.src, opt)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	if lost != 0 {
		_ = ledger.Terminate(ctx, conn, lost) // it holds nothing that is waited for: it is a kindness to the server
	}
	if err := r.snapshot.importInto(ctx, conn); err != nil {
		catalog.Close(ctx, conn)
		return nil, fmt.Errorf("source: reading under the snapshot: %w", err)
	}
	return conn, nil
}

// takeReader gives a reader that was opened with the snapshot, or a new one in place of the backend lost.
func (r *run) takeReader(ctx context.Context, lost uint32) (*pgconn.PgConn, error) {
	select {
	case conn := <-r.snapshot.readers:
		if exec(ctx, conn, "SAVEPOINT locked") == nil {
			return conn, nil
		}
		catalog.Close(ctx, conn) // lost while it waited: the holders still have all that a new one needs
	default:
	}
	conn, err := r.openReader(ctx, r.readerOptions("copy-out"), lost)
	if err != nil {
		return nil, err
	}
	if r.lockAll {
		err = r.lockIfFree(ctx, conn)
	} else {
		err = exec(ctx, conn, "SAVEPOINT locked")
	}
	if err != nil {
		catalog.Close(ctx, conn)
		return nil, fmt.Errorf("source: %w", err)
	}
	return conn, nil
}

// lockIfFree locks the tables as the other sessions have, unless somebody waits for one of them behind these: what does not
// need that table can go on without him. It leaves the savepoint that a failed COPY goes back to.
func (r *run) lockIfFree(ctx context.Context, conn *pgconn.PgConn) error {
	if err := exec(ctx, conn, "SAVEPOINT locked"); err != nil {
		return err
	}
	if lockTables(ctx, conn, r.tables) != nil {
		return exec(ctx, conn, "ROLLBACK TO SAVEPOINT locked")
	}
	return exec(ctx, conn, "SAVEPOINT locked")
}

// writer is a session on the target.
type writer struct {
	conn   *pgconn.PgConn
	worker string // who uses it, as progress names him
	// notices are what the server has warned of since they were last told. pgx hands them over in the goroutine that waits
	// for an answer.
	notices []string
	// armed are the statements that enable the triggers of the table in work again.
	armed []string
}

// mostNotices of one task are kept: a function may warn of every row.
const mostNotices = 10

// openWriter opens a session that writes, in place of the backend lost, if that is not 0, which has ended then. It fails with
// errCrashed if the server has crashed since the run began.
func (r *run) openWriter(ctx context.Context, worker, work string, lost uint32) (*writer, error) {
	w := &writer{worker: worker}
	conn, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice " + work, Set: r.writerSettings(),
		Configure: func(c *pgconn.Config) {
			stages.WatchErrors(c)
			c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
				if len(w.notices) < mostNotices {
					w.notices = append(w.notices, n.Message)
				}
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	w.conn = conn
	if err := r.prepareWriter(ctx, conn, work, lost); err != nil {
		catalog.Close(ctx, conn)
		return nil, fmt.Errorf("target: %w", err)
	}
	return w, nil
}

func (r *run) prepareWriter(ctx context.Context, conn *pgconn.PgConn, work string, lost uint32) error {
	if r.replicaRole {
		if err := exec(ctx, conn, "SET session_replication_role = replica"); err != nil {
			return err
		}
	}
	if r.fence == 0 { // there is no ledger yet
		return nil
	}
	crashed, err := ledger.Enter(ctx, conn, work, r.fence)
	switch {
	case err != nil:
		return err
	case crashed:
		return errCrashed
	case lost != 0:
		return ledger.EndBackend(ctx, conn, lost)
	}
	return nil
}

// streams are the two sessions of one worker, opened when first needed and anew after one broke.
type streams struct {
	run    *run
	reader *pgconn.PgConn
	writer *writer
	worker string // as progress names it
	work   string // of the writer
	// the backends that were lost: they may go on with what they were asked for
	lostReader, lostWriter uint32
	// helpers are more writers, for a table that is loaded over several connections
	helpers     []*writer
	lostHelpers []uint32
}

func (s *streams) open(ctx context.Context, withReader bool) (err error) {
	if withReader {
		if err := s.run.origin.ready(ctx, s); err != nil {
			return err
		}
	}
	if s.writer != nil && s.writer.conn.IsClosed() {
		s.lostWriter = s.writer.conn.PID()
		catalog.Close(ctx, s.writer.conn)
		s.writer = nil
	}
	if s.writer == nil {
		if s.writer, err = s.run.openWriter(ctx, s.worker, s.work, s.lostWriter); err == nil {
			s.lostWriter = 0
		}
	}
	return err
}

func (s *streams) openReader(ctx context.Context) (err error) {
	switch {
	case s.reader == nil:
	case s.reader.IsClosed():
		s.lostReader = s.reader.PID()
		catalog.Close(ctx, s.reader)
		s.reader = nil
	case s.reader.TxStatus() == 'E': // a COPY failed on the source
		return exec(ctx, s.reader, "ROLLBACK TO SAVEPOINT locked")
	default:
		return nil
	}
	if s.reader, err = s.run.takeReader(ctx, s.lostReader); err == nil {
		s.lostReader = 0
	}
	return err
}

// by is who does a task with these sessions.
func (s *streams) by() progress.Worker {
	w := s.writer.by()
	if s.reader != nil {
		w.SourcePID = s.reader.PID()
	}
	return w
}

func (w *writer) by() progress.Worker {
	return progress.Worker{Name: w.worker, TargetPID: w.conn.PID()}
}

// close ends both and waits for pgx's clean-up of what it closed by itself.
func (s *streams) close(ctx context.Context) {
	if s.reader != nil {
		catalog.Close(ctx, s.reader)
	}
	if s.writer != nil {
		catalog.Close(ctx, s.writer.conn)
	}
	s.closeHelpers(ctx)
}
