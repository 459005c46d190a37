package stages_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// connect opens a connection that CopyIn accepts. It ends with the test.
func connect(t *testing.T, url string, faults ...*pgtest.Fault) *pgconn.PgConn {
	t.Helper()
	return connectWith(t, url, func(cfg *pgconn.Config) {
		for _, fault := range faults {
			fault.Wrap(cfg)
		}
	})
}

func connectWith(t testing.TB, url string, configure func(*pgconn.Config)) *pgconn.PgConn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	stages.WatchErrors(cfg)
	configure(cfg)
	conn, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close(context.Background()) // the test's context has ended
		<-conn.CleanupDone()
	})
	return conn
}

// copyTest is a source and a target for one COPY, and what must hold afterwards.
type copyTest struct {
	src, dst *pgconn.PgConn
	url      string // of the one database that both are in
}

const (
	fromTarget = "COPY target FROM STDIN"
	// 30 MB: more than the sockets and the pipe can hold on their way.
	bigSource = "COPY (SELECT i, repeat('x', 100) FROM generate_series(1, 280000) i) TO STDOUT"
)

func newCopyTest(t *testing.T, srcFault, dstFault *pgtest.Fault) copyTest {
	t.Helper()
	pgtest.Server(t)
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	c := copyTest{url: pgtest.Database(t)}
	pgtest.Exec(t, c.url, "CREATE TABLE target (id int PRIMARY KEY, v text)")
	some := func(f *pgtest.Fault) (list []*pgtest.Fault) {
		if f != nil {
			f.MustFire(t)
			list = append(list, f)
		}
		return list
	}
	c.src, c.dst = connect(t, c.url, some(srcFault)...), connect(t, c.url, some(dstFault)...)
	return c
}

func (c copyTest) rows(t *testing.T) int64 {
	t.Helper()
	return pgtest.Scalar[int64](t, c.url, "SELECT count(*) FROM target")
}

func terminate(url string, conn **pgconn.PgConn) pgtest.Action {
	return pgtest.Call(func() error {
		return pgtest.Run(context.Background(), url, fmt.Sprintf("SELECT pg_terminate_backend(%d)", (*conn).PID()))
	})
}

// run is pipeline.Run that may not get stuck.
func run(ctx context.Context, t *testing.T, list ...pipeline.Stage) error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := pipeline.Run(ctx, list...)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the pipe is stuck")
		return nil
	}
}

// failed checks that stage is named as the one at fault, with the SQLSTATE code
// unless that is empty, and that the target has kept nothing.
func (c copyTest) failed(t *testing.T, err error, stage, code string) {
	t.Helper()
	var at *pipeline.Error
	if !errors.As(err, &at) || at.Stage != stage {
		t.Errorf("error %v doesn't name %s", err, stage)
	}
	var server *pgconn.PgError
	if code != "" && (!errors.As(err, &server) || server.Code != code) {
		t.Errorf("error %v is not SQLSTATE %s", err, code)
	}
	if got := c.rows(t); got != 0 {
		t.Errorf("%d rows were committed", got)
	}
}

// rowsThenBlock sends n rows with ids from 1 on and the id again in the middle if
// twice, calls then, and waits for the end of the pipe.
func rowsThenBlock(n int, twice bool, then func() error) pipeline.Stage {
	return pipeline.Stage{Name: "slow", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		var rows bytes.Buffer
		for i := range n {
			id := i + 1
			if twice && i == n/2 {
				id = 1
			}
			fmt.Fprintf(&rows, "%d\t%s\n", id, strings.Repeat("y", 100))
		}
		if _, err := w.Write(rows.Bytes()); err != nil {
			return err
		}
		if err := then(); err != nil {
			return err
		}
		<-ctx.Done()
		return context.Cause(ctx)
	}}
}

func TestCopyRoundTrip(t *testing.T) {
	for name, query := range map[string]string{
		"no rows":      `SELECT i, '' FROM generate_series(1, 0) i`,
		"one row":      `SELECT 1, 'one'`,
		"nulls":        `SELECT i, nullif(i % 3, 0)::text FROM generate_series(1, 1000) i`,
		"awkward text": `SELECT i, E'\t\n\r\\N\\.' || chr(1 + i) FROM generate_series(1, 3000) i`,
		"10 MB row":    `SELECT i, repeat('0123456789', 1000000) FROM generate_series(1, 1) i`,
		"10 MB amid":   `SELECT i, repeat('abc', CASE i WHEN 500 THEN 3333333 ELSE i END) FROM generate_series(1, 1000) i`,
		"chunk rows":   `SELECT i, repeat('z', 65531 - 502 + i) FROM generate_series(1, 1000) i`,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCopyTest(t, nil, nil)
			var sent atomic.Int64
			var got int64
			var counter stages.Counter
			err := run(t.Context(), t,
				stages.CopyOut(c.src, "COPY ("+query+") TO STDOUT", &sent),
				stages.Meter(&counter), stages.Compress(stages.CompressOptions{}), stages.Decompress(),
				stages.CopyIn(c.dst, fromTarget, &got))
			if err != nil {
				t.Fatal(err)
			}
			if n := c.rows(t); sent.Load() != n || got != n {
				t.Errorf("sent %d rows, got %d, the target has %d", sent.Load(), got, n)
			}
			differ := fmt.Sprintf("SELECT count(*) FROM (%s) s(id, v) FULL JOIN target t USING (id, v) WHERE s.v IS DISTINCT FROM t.v", query)
			if name == "nulls" {
				differ = strings.Replace(differ, "USING (id, v)", "ON s.id = t.id", 1)
			}
			if n := pgtest.Scalar[int64](t, c.url, differ); n != 0 {
				t.Errorf("%d rows differ", n)
			}
			if chunks, min := counter.Chunks(), counter.Load()/stages.ChunkBytes; chunks > min+1 {
				t.Errorf("%d bytes came in %d chunks", counter.Load(), chunks)
			}
		})
	}
}

func TestCopyConstraintErrorWhileSourceBlocks(t *testing.T) {
	c := newCopyTest(t, nil, nil)
	rows := int64(-1)
	err := run(t.Context(), t,
		rowsThenBlock(3000, true, func() error { return nil }),
		stages.CopyIn(c.dst, fromTarget, &rows))
	c.failed(t, err, "copy-in", "23505")
	if rows != -1 {
		t.Errorf("stored %d rows after an error", rows)
	}
	// An ERROR costs the statement, not the connection.
	if _, err := c.dst.Exec(t.Context(), "SELECT 1").ReadAll(); err != nil {
		t.Errorf("the connection is gone: %v", err)
	}
}

func TestCopySourceErrorCommitsNothing(t *testing.T) {
	for _, at := range []int{1, 100, 50_000, 99_999} {
		c := newCopyTest(t, nil, nil)
		err := run(t.Context(), t,
			stages.CopyOut(c.src, fmt.Sprintf("COPY (SELECT i, 1 / (%d - i) FROM generate_series(1, 100000) i) TO STDOUT", at), nil),
			stages.CopyIn(c.dst, fromTarget, nil))
		c.failed(t, err, "copy-out", "22012")
	}
}

func TestCopyMisuse(t *testing.T) {
	c := newCopyTest(t, nil, nil)
	err := run(t.Context(), t, stages.CopyOut(c.src, "SELECT 1", nil), stages.Discard())
	if err == nil || !strings.Contains(err.Error(), `"SELECT 1"`) {
		t.Errorf("a SELECT in place of a COPY: %v", err)
	}
	plain, err := pgconn.Connect(t.Context(), c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close(t.Context())
	err = run(t.Context(), t, rowsThenBlock(1, false, func() error { return nil }), stages.CopyIn(plain, fromTarget, nil))
	if err == nil || !strings.Contains(err.Error(), "WatchErrors") {
		t.Errorf("a connection without WatchErrors: %v", err)
	}
	err = run(t.Context(), t, stages.Source(strings.NewReader("1\n")), stages.CopyIn(c.dst, "COPY missing FROM STDIN", nil))
	c.failed(t, err, "copy-in", "42P01")
}
