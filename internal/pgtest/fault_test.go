package pgtest_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgsluice/internal/pgtest"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectWith connects to url with the fault in the connection, closed when the
// test ends.
func connectWith(t *testing.T, url string, f *pgtest.Fault) *pgconn.PgConn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	if f != nil {
		f.Wrap(cfg)
		f.MustFire(t)
	}
	conn, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// connectInner returns a session on a database that is gone.
func connectInner(t *testing.T) (conn *pgconn.PgConn) {
	t.Helper()
	t.Run("inner", func(inner *testing.T) {
		conn = connectWith(t, pgtest.Database(inner), nil)
	})
	return conn
}

// counter counts what COPY delivers.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

const (
	copyOut  = "COPY (SELECT repeat('x', 999) FROM generate_series(1, 2000)) TO STDOUT" // 2,000,000 bytes of rows
	outBytes = 2_000_000
)

func TestFaultInCopyOut(t *testing.T) {
	t.Parallel()
	const after = 1_000_000
	tests := map[string]struct {
		action pgtest.Action
		want   func(error) bool
	}{
		"reset": {pgtest.Reset(), func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		"close": {pgtest.Close(), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"call": {pgtest.Call(func() error { return errors.New("own words") }), func(err error) bool {
			return strings.Contains(err.Error(), "own words")
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &pgtest.Fault{Direction: pgtest.Read, After: after, Action: tt.action}
			conn := connectWith(t, pgtest.Database(t), f)
			var got counter
			_, err := conn.CopyTo(t.Context(), &got, copyOut)
			if err == nil || !tt.want(err) {
				t.Errorf("error %v", err)
			}
			// of the counted bytes some are the startup's and the messages' headers
			if got.n >= after || got.n < after*9/10 {
				t.Errorf("%d bytes arrived, the fault was after %d", got.n, after)
			}
		})
	}
}

// The server must see the end of a connection in mid-message, and keep nothing.
func TestFaultInCopyIn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		action pgtest.Action
		want   func(error) bool
	}{
		"reset": {pgtest.Reset(), func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		// the reading side of the client may see it first
		"close": {pgtest.Close(), func(err error) bool {
			return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrUnexpectedEOF)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE a (x text)")
			f := &pgtest.Fault{Direction: pgtest.Write, After: 500_000, Action: tt.action}
			conn := connectWith(t, url, f)
			_, err := conn.CopyFrom(t.Context(), io.LimitReader(rows{}, outBytes), "COPY a FROM STDIN")
			if err == nil || !tt.want(err) {
				t.Errorf("error %v", err)
			}
			if n := pgtest.Scalar[int](t, url, "SELECT count(*) FROM a"); n != 0 {
				t.Errorf("%d rows after a connection that broke", n)
			}
		})
	}
}

// rows is an endless COPY text stream.
type rows struct{}

func (rows) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "xxxxxxx\n"[i%8]
	}
	return len(p) / 8 * 8, nil
}

func TestTerminateInMidCopy(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var conn *pgconn.PgConn
	f := &pgtest.Fault{Direction: pgtest.Read, After: 100_000}
	f.Action = pgtest.Call(func() error {
		return pgtest.Run(t.Context(), url, "SELECT pg_terminate_backend("+strconv.Itoa(int(conn.PID()))+")")
	})
	conn = connectWith(t, url, f)
	// more than the socket buffers hold, so that the backend is still at it
	_, err := conn.CopyTo(t.Context(), io.Discard, "COPY (SELECT repeat('x', 999) FROM generate_series(1, 100000)) TO STDOUT")
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "57P01" {
		// a backend that was in a write has no way to say it
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("error %v", err)
		}
	}
}

func TestStallUntilReleased(t *testing.T) {
	t.Parallel()
	for name, direction := range map[string]pgtest.Direction{"read": pgtest.Read, "write": pgtest.Write} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE a (x text)")
			f := &pgtest.Fault{Direction: direction, After: 300_000, Action: pgtest.Stall()}
			conn := connectWith(t, url, f)
			done := make(chan error, 1)
			go func() {
				if direction == pgtest.Read {
					_, err := conn.CopyTo(t.Context(), io.Discard, copyOut)
					done <- err
				} else {
					_, err := conn.CopyFrom(t.Context(), io.LimitReader(rows{}, outBytes), "COPY a FROM STDIN")
					done <- err
				}
			}()
			select {
			case <-f.Fired():
			case err := <-done:
				t.Fatalf("ended without a stall: %v", err)
			}
			f.Release()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStallEndsWithTheContext(t *testing.T) {
	t.Parallel()
	f := &pgtest.Fault{Direction: pgtest.Read, After: 300_000, Action: pgtest.Stall()}
	conn := connectWith(t, pgtest.Database(t), f)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := conn.CopyTo(ctx, io.Discard, copyOut)
		done <- err
	}()
	select {
	case <-f.Fired():
	case err := <-done:
		t.Fatalf("ended without a stall: %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	f.Release()
}

func TestFaultFiresOnOneConnectionOnly(t *testing.T) {
	t.Parallel()
	cfg, err := pgconn.ParseConfig(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	f := &pgtest.Fault{After: 10_000}
	f.Wrap(cfg)
	f.MustFire(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var broken int
	for range 3 {
		conn, err := pgconn.ConnectConfig(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.CopyTo(ctx, io.Discard, copyOut); err != nil {
			broken++
		}
		conn.Close(ctx)
	}
	if broken != 1 {
		t.Errorf("%d connections of 3 were broken", broken)
	}
}
