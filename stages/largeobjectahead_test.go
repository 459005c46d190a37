package stages_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"go.uber.org/goleak"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// many are n objects from 70000 on.
func many(n int) []uint32 {
	oids := make([]uint32, n)
	for i := range oids {
		oids[i] = uint32(70000 + i)
	}
	return oids
}

const (
	manyObjects  = "SELECT lo_from_bytea(70000 + i, convert_to('object ' || i, 'UTF8')) FROM generate_series(0, %d - 1) i"
	emptyObjects = "SELECT lo_create(70000 + i) FROM generate_series(0, %d - 1) i"
	objectDigest = "SELECT string_agg(oid || ' ' || md5(lo_get(oid)), ',' ORDER BY oid) FROM pg_largeobject_metadata"
)

// A thousand small objects are read in two round trips and written in a few sends.
func TestLargeObjectsRoundTrips(t *testing.T) {
	pgtest.Server(t)
	src, dst := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, src, fmt.Sprintf(manyObjects, 1000))
	pgtest.Exec(t, dst, fmt.Sprintf(emptyObjects, 1000))
	reader, out := wired(t, src)
	writer, in := wired(t, dst)
	var read atomic.Int64
	var written int64
	if err := run(t.Context(), t, stages.LargeObjectsOut(reader, many(1000), &read), stages.LargeObjectsIn(writer, &written)); err != nil {
		t.Fatal(err)
	}
	if read.Load() != 1000 || written != 1000 {
		t.Errorf("%d read, %d written", read.Load(), written)
	}
	if n := out.writes.Load(); n != 2 {
		t.Errorf("reading took %d sends", n)
	}
	if n := in.writes.Load(); n > 6 {
		t.Errorf("writing took %d sends", n)
	}
	if a, b := pgtest.Scalar[string](t, src, objectDigest), pgtest.Scalar[string](t, dst, objectDigest); a != b {
		t.Error("contents differ")
	}
}

// One huge object flows: the reader asks for all of it at once, the writer sends MiB ahead of the answers, and neither
// holds more of it than some pieces.
func TestLargeObjectFlows(t *testing.T) {
	pgtest.Server(t)
	src, dst := pgtest.Database(t), pgtest.Database(t)
	const size = 32<<20 + 1
	pgtest.Exec(t, src, fmt.Sprintf(copyObject, 70000, 7, size))
	pgtest.Exec(t, dst, "SELECT lo_create(70000)")
	reader, out := wired(t, src)
	writer, in := wired(t, dst)

	var heap, most uint64
	memory := pipeline.Stage{Name: "memory", Tap: func(context.Context, []byte) error {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
		return nil
	}}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	heap = m.HeapAlloc

	ahead := in.awaitSent(4 << 20)
	in.reading.Lock() // the target's answers are kept back
	done := make(chan error, 1)
	var read atomic.Int64
	var written int64
	go func() {
		_, err := pipeline.Run(t.Context(), stages.LargeObjectsOut(reader, many(1), &read), memory, stages.LargeObjectsIn(writer, &written))
		done <- err
	}()
	happens(t, "4 MiB are sent before the first answer", ahead)
	in.reading.Unlock()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := out.writes.Load(); n != 2 {
		t.Errorf("reading took %d sends", n)
	}
	if grown := int64(most) - int64(heap); grown > 12<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if a, b := pgtest.Scalar[string](t, src, objectDigest), pgtest.Scalar[string](t, dst, objectDigest); a != b {
		t.Error("contents differ")
	}
}

// Holes, also one of several pieces, read as zeros.
func TestLargeObjectsSparse(t *testing.T) {
	pgtest.Server(t)
	src, dst := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, src, `SELECT lo_create(70000), lo_create(70001), lo_create(70002)`)
	pgtest.Exec(t, src, `SELECT lo_put(70000, 1500000, 'end'), lo_put(70001, 262143, 'x')`)
	pgtest.Exec(t, src, `BEGIN; SELECT lo_truncate64(lo_open(70002, 131072), 600000); COMMIT`)
	pgtest.Exec(t, dst, fmt.Sprintf(emptyObjects, 3))
	var read atomic.Int64
	var written int64
	if err := run(t.Context(), t, stages.LargeObjectsOut(connect(t, src), many(3), &read), stages.LargeObjectsIn(connect(t, dst), &written)); err != nil {
		t.Fatal(err)
	}
	if a, b := pgtest.Scalar[string](t, src, objectDigest), pgtest.Scalar[string](t, dst, objectDigest); a != b {
		t.Errorf("contents differ:\n%s\n%s", a, b)
	}
}

// An error in the middle names its object, and the connection takes a ROLLBACK.
func TestLargeObjectsErrorInTheMiddle(t *testing.T) {
	pgtest.Server(t)
	src, dst := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, src, fmt.Sprintf(manyObjects, 900))
	pgtest.Exec(t, dst, fmt.Sprintf(emptyObjects, 900))
	// more than one batch behind the missing object, so that others fail after it
	pgtest.Exec(t, dst, "SELECT lo_unlink(70321)")
	reader, writer := connect(t, src), connect(t, dst)
	begin := func(conn *pgconn.PgConn) {
		if _, err := conn.Exec(t.Context(), "BEGIN").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	check := func(conn *pgconn.PgConn, err error, stage, object string) {
		t.Helper()
		var at *pipeline.Error
		var server *pgconn.PgError
		if !errors.As(err, &at) || at.Stage != stage || !errors.As(err, &server) || server.Code != "42704" || !strings.Contains(err.Error(), object) {
			t.Errorf("got %v, not one of %s about %s", err, stage, object)
		}
		if _, err := conn.Exec(t.Context(), "ROLLBACK").ReadAll(); err != nil {
			t.Errorf("the connection is gone: %v", err)
		}
	}
	var read atomic.Int64
	written := int64(-1)
	begin(writer)
	err := run(t.Context(), t, stages.LargeObjectsOut(reader, many(900), &read), stages.LargeObjectsIn(writer, &written))
	check(writer, err, "copy-in", "large object 70321: ")
	if written != -1 {
		t.Errorf("%d stored after an error", written)
	}

	pgtest.Exec(t, src, "SELECT lo_unlink(70654)")
	reader = connect(t, src) // the one before was in the middle of its query
	begin(reader)
	err = run(t.Context(), t, stages.LargeObjectsOut(reader, many(900), &read), stages.Discard())
	check(reader, err, "copy-out", "large object 70654: ")

	// pgx's own handler would cut the connection when a context ends
	writer = connectWith(t, dst, func(cfg *pgconn.Config) {
		cfg.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 10 * time.Second}
		}
	})
	begin(writer)
	broken := errors.New("broken")
	source := pipeline.Stage{Name: "source", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
		// the last piece does not fill a batch
		_, _ = w.Write(bytes.TrimSuffix(pieces(t, bytes.Repeat([]byte("x"), 600_000)), header(0, 0, 0)))
		return broken
	}}
	if err := run(t.Context(), t, source, stages.LargeObjectsIn(writer, &written)); !errors.Is(err, broken) {
		t.Errorf("an upstream error gave %v", err)
	}
	if _, err := writer.Exec(t.Context(), "ROLLBACK").ReadAll(); err != nil {
		t.Errorf("the connection is gone after an upstream error: %v", err)
	}
}

// A cancelled writer returns although the server waits for a lock and a lot has been sent ahead.
func TestLargeObjectsInCancelledWhileLocked(t *testing.T) {
	pgtest.Server(t)
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "SELECT lo_create(70000)")
	holder := connect(t, url)
	if _, err := holder.Exec(t.Context(), "BEGIN; LOCK TABLE pg_largeobject IN ACCESS EXCLUSIVE MODE").ReadAll(); err != nil {
		t.Fatal(err)
	}
	conn, in := wired(t, url)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("cancelled by the test")
	sent := in.awaitSent(100_000)
	done := make(chan error, 1)
	count := int64(-1)
	go func() {
		_, err := pipeline.Run(ctx, stages.Source(bytes.NewReader(pieces(t, make([]byte, 20<<20)))), stages.LargeObjectsIn(conn, &count))
		done <- err
	}()
	happens(t, "the first piece is sent", sent)
	cancel(cause)
	if err := <-done; !errors.Is(err, cause) || count != -1 {
		t.Errorf("got %v and %d", err, count)
	}
}
