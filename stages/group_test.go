package stages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// groupTest is a copyTest with the tables g1 to gN on the target, in a transaction of dst.
type groupTest struct {
	copyTest
	in      []string
	read    []stages.Copied
	written []int64
	counter stages.Counter
}

func newGroupTest(t *testing.T, n int, srcFault, dstFault *pgtest.Fault) *groupTest {
	t.Helper()
	g := &groupTest{copyTest: newCopyTest(t, srcFault, dstFault), read: make([]stages.Copied, n), written: make([]int64, n)}
	for i := range n {
		pgtest.Exec(t, g.url, fmt.Sprintf("CREATE TABLE g%d (id int PRIMARY KEY, v text)", i+1))
		g.in = append(g.in, fmt.Sprintf("COPY g%d FROM STDIN", i+1))
	}
	if _, err := g.dst.Exec(t.Context(), "BEGIN").ReadAll(); err != nil {
		t.Fatal(err)
	}
	return g
}

func some(rows int) string {
	return fmt.Sprintf("COPY (SELECT i, repeat('x', 100) FROM generate_series(1, %d) i) TO STDOUT", rows)
}

func (g *groupTest) run(ctx context.Context, t *testing.T, out ...string) error {
	t.Helper()
	return run(ctx, t, stages.GroupOut(g.src, out, g.read, &g.counter), stages.GroupIn(g.dst, g.in, g.written))
}

func exec(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}

// at checks who failed, and with which SQLSTATE unless that is "".
func at(t *testing.T, err error, stage, code string) {
	t.Helper()
	var failed *pipeline.Error
	if !errors.As(err, &failed) || failed.Stage != stage {
		t.Errorf("error %v doesn't name %s", err, stage)
	}
	var server *pgconn.PgError
	if code != "" && (!errors.As(err, &server) || server.Code != code) {
		t.Errorf("error %v is not SQLSTATE %s", err, code)
	}
}

// Tables arrive each in its own place and format, also an empty one, and one that is far from small, and the connections can be used again.
func TestGroup(t *testing.T) {
	g := newGroupTest(t, 4, nil, nil)
	g.in[2] += " (FORMAT binary)"
	g.in[3] = "COPY g4 FROM STDIN -- a comment"
	out := []string{some(3), some(0), strings.TrimSuffix(some(50_000), "STDOUT") + "STDOUT (FORMAT binary) -- a comment", some(7)}
	for round := range 2 {
		if err := g.run(t.Context(), t, out...); err != nil {
			t.Fatal(err)
		}
		if want := []int64{3, 0, 50_000, 7}; !slices.Equal(g.written, want) {
			t.Errorf("round %d: written %d", round, g.written)
		}
		var bytes int64
		for i, r := range g.read {
			bytes += r.Bytes
			if r.Rows != g.written[i] {
				t.Errorf("table %d: %d rows read", i, r.Rows)
			}
		}
		if g.counter.Load() != bytes || bytes < 5_000_000 {
			t.Errorf("round %d: %d bytes counted, %d of the tables", round, g.counter.Load(), bytes)
		}
		if round == 0 {
			exec(t, g.dst, "COMMIT; BEGIN; TRUNCATE g1, g2, g3, g4")
			clear(g.read)
			g.counter = stages.Counter{}
		}
	}
	exec(t, g.dst, "COMMIT")
	if got := pgtest.Scalar[int64](t, g.url, "SELECT (SELECT count(*) FROM g1) * 100000 * 100 + (SELECT count(*) FROM g3) * 100 + (SELECT count(*) FROM g4)"); got != 3*10_000_000+50_000*100+7 {
		t.Errorf("arrived: %d", got)
	}
}

// An error of the source in the middle: those before it are not committed, and the session goes on.
func TestGroupOutRefused(t *testing.T) {
	g := newGroupTest(t, 3, nil, nil)
	err := g.run(t.Context(), t, some(5), "COPY (SELECT 1 / (i - 3), 'x' FROM generate_series(1, 5) i) TO STDOUT", some(5))
	at(t, err, "copy-out", "22012")
	exec(t, g.src, "SELECT 1")
	if !g.dst.IsClosed() {
		t.Error("the target's session was not broken off")
	}
}

// An error of the target is heard while the source has nothing to say, and before it has sent what comes behind.
func TestGroupInRefused(t *testing.T) {
	g := newGroupTest(t, 3, nil, nil)
	twice := "COPY (SELECT 1, repeat('x', 20000) FROM generate_series(1, 20)) TO STDOUT" // more than the source's server holds back
	for name, last := range map[string]string{"slow": "COPY (SELECT 1, 'x' FROM pg_sleep(60)) TO STDOUT", "much": bigSource, "little": some(1)} {
		err := g.run(t.Context(), t, some(5), twice, last)
		at(t, err, "copy-in", "23505")
		if g.dst.IsClosed() || g.dst.TxStatus() != 'E' {
			t.Fatalf("%s: closed: %t, status %c", name, g.dst.IsClosed(), g.dst.TxStatus())
		}
		exec(t, g.dst, "ROLLBACK; BEGIN")
		g.src = connect(t, g.url)
	}
}

// Either backend's end and a cancellation end all, and nothing stays.
func TestGroupBroken(t *testing.T) {
	for _, side := range []string{"copy-out", "copy-in", "cancelled"} {
		t.Run(side, func(t *testing.T) {
			g := newGroupTest(t, 3, nil, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			errEnough := errors.New("enough")
			end := func(conn *pgconn.PgConn) error {
				return pgtest.Run(t.Context(), g.url, fmt.Sprintf("SELECT pg_terminate_backend(%d)", conn.PID()))
			}
			seen := pipeline.Stage{Name: "seen", Tap: func() func(context.Context, []byte) error {
				n := 0
				return func(context.Context, []byte) error {
					if n++; n != 20 {
						return nil
					}
					switch side {
					case "copy-out":
						return end(g.src)
					case "copy-in":
						return end(g.dst)
					}
					cancel(errEnough)
					return nil
				}
			}()}
			err := run(ctx, t, stages.GroupOut(g.src, []string{some(5), bigSource, some(5)}, g.read, &g.counter), seen, stages.GroupIn(g.dst, g.in, g.written))
			if side == "cancelled" {
				if !errors.Is(err, errEnough) {
					t.Errorf("error %v", err)
				}
			} else {
				at(t, err, side, "")
			}
			if !g.src.IsClosed() || !g.dst.IsClosed() {
				t.Errorf("closed: %t, %t", g.src.IsClosed(), g.dst.IsClosed())
			}
			if got := pgtest.Scalar[int64](t, g.url, "SELECT count(*) FROM g1"); got != 0 {
				t.Errorf("%d rows arrived", got)
			}
		})
	}
}

// An input that ends too early, though nobody reports an error, is one.
func TestGroupInCut(t *testing.T) {
	for _, n := range []int{0, 5, 9, 15, 200} {
		g := newGroupTest(t, 2, nil, nil)
		var whole strings.Builder
		if err := run(t.Context(), t, stages.GroupOut(g.src, []string{some(1), some(1)}, g.read, nil), stages.Sink(&whole)); err != nil {
			t.Fatal(err)
		}
		err := run(t.Context(), t, stages.Source(strings.NewReader(whole.String()[:n])), stages.GroupIn(g.dst, g.in, g.written))
		at(t, err, "copy-in", "")
		if !errors.Is(err, io.ErrUnexpectedEOF) || !g.dst.IsClosed() {
			t.Errorf("cut after %d bytes: %v, closed: %t", n, err, g.dst.IsClosed())
		}
	}
}

// What is no COPY is told, and nobody waits for ever.
func TestGroupOfOtherStatements(t *testing.T) {
	g := newGroupTest(t, 2, nil, nil)
	at(t, g.run(t.Context(), t, some(1), "SELECT 1"), "copy-out", "")
	for _, out := range [][]string{{some(1)}, {some(1), some(1), some(1)}} {
		g.src, g.dst = connect(t, g.url), connect(t, g.url)
		at(t, g.run(t.Context(), t, out...), "copy-out", "")
	}
	g.src, g.dst = connect(t, g.url), connect(t, g.url)
	g.in[1] = "SELECT 1"
	at(t, g.run(t.Context(), t, some(1), some(1)), "copy-in", "")
}
