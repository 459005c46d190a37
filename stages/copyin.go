package stages

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
)

// CopyIn is the last stage of a pipe that ends in a database. It runs sql, one
// COPY … FROM STDIN statement with nothing after it, on conn and feeds it what the
// stage before sends. Its name is "copy-in".
//
// The rows are committed (or, within a transaction, accepted) only if the input came
// to its clean end: whatever else stops the reader makes the server roll the COPY
// back. The number of rows is then stored in *rows; after an error *rows is left
// alone. A nil rows is allowed.
//
// The configuration of conn must have been given to WatchErrors before it connected.
// The stage then learns of a server's error at once, even while it waits for input,
// and ends the whole pipe with it.
//
// Errors: the *pgconn.PgError of the server; the reader's own error, not the
// server's 57014 that follows it; the cause of ctx. The caller owns conn and must not
// use it meanwhile. Except after an error of severity ERROR, assume that pgx has
// closed it; conn.CleanupDone tells when its clean-up has ended.
func CopyIn(conn *pgconn.PgConn, sql string, rows *int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-in", Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
		in := &input{ctx: ctx, r: r}
		unwatch, err := watch(conn, func(err *pgconn.PgError) {
			// After a cancellation the server's 57014 is its consequence.
			if ctx.Err() == nil && in.fail(err) {
				pipeline.Abort(ctx, err)
			}
		})
		if err != nil {
			return err
		}
		defer unwatch()

		tag, err := conn.CopyFrom(ctx, in, sql)
		if err == nil {
			n, err := rowsOf(tag)
			if err == nil && rows != nil {
				*rows = n
			}
			return err
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		in.fail(err)
		err = in.cause()
		pipeline.Abort(ctx, err)
		in.detach()
		return err
	}}
}

// input is the reader that CopyFrom gets. It knows three things that pgx does not:
// which of two errors came first, that an end reached after a failure is no clean
// end, and when the goroutine inside CopyFrom has left r. That goroutine can still
// sit in Read after CopyFrom has returned, and would take one more chunk from it.
type input struct {
	ctx context.Context
	r   io.Reader

	reading sync.Mutex // held while r.Read runs, so that detach can wait for it

	mu  sync.Mutex // never held while waiting; guards err
	err error
}

// Read never returns io.EOF, on which pgx commits, once anything has failed.
func (in *input) Read(p []byte) (int, error) {
	in.reading.Lock()
	defer in.reading.Unlock()
	if err := in.cause(); err != nil {
		return 0, err
	}
	n, err := in.r.Read(p)
	switch {
	case err == io.EOF && in.ctx.Err() != nil:
		in.fail(context.Cause(in.ctx))
	case err != nil && err != io.EOF:
		in.fail(err)
	}
	if cause := in.cause(); cause != nil {
		return 0, cause
	}
	return n, err
}

// fail records err if it is the first and says whether it was.
func (in *input) fail(err error) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err != nil {
		return false
	}
	in.err = err
	return true
}

func (in *input) cause() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err
}

// detach waits until nobody is inside r.Read. Since a failure has been recorded, no
// later Read reaches r.
func (in *input) detach() {
	in.reading.Lock()
	defer in.reading.Unlock()
	in.r = nil
}

// watchKey is where a connection keeps the callback of the stage that runs on it.
const watchKey = "pgsluice/stages.onError"

// WatchErrors lets CopyIn hear of errors on the connections made from cfg while it
// waits for input. Call it once for a cfg, before connecting. It wraps cfg.OnPgError,
// whose answer still decides whether pgx closes the connection (the handler that
// pgconn.ParseConfig sets does so on FATAL), and cfg.AfterConnect.
func WatchErrors(cfg *pgconn.Config) {
	onError := cfg.OnPgError
	cfg.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if slot, ok := conn.CustomData()[watchKey].(*watcher); ok && slot.notify != nil {
			slot.notify(err)
		}
		return onError == nil || onError(conn, err)
	}
	afterConnect := cfg.AfterConnect
	cfg.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		conn.CustomData()[watchKey] = new(watcher)
		if afterConnect == nil {
			return nil
		}
		return afterConnect(ctx, conn)
	}
}

// watcher needs no lock: pgx calls OnPgError in the goroutine that uses the
// connection, which is the one that sets notify.
type watcher struct {
	notify func(*pgconn.PgError)
}

// watch calls notify on every error of conn until the returned function is called.
func watch(conn *pgconn.PgConn, notify func(*pgconn.PgError)) (stop func(), err error) {
	slot, ok := conn.CustomData()[watchKey].(*watcher)
	if !ok {
		return nil, errors.New("the connection was configured without stages.WatchErrors")
	}
	slot.notify = notify
	return func() { slot.notify = nil }, nil
}
