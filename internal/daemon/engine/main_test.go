package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"pgsluice/internal/cluster"
	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(daemonDir); dir != "" {
		if err := beDaemon(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m, func() error { return goleak.Find() })
}

// patience bounds a wait for something that must happen.
const patience = 3 * time.Minute // on a busy machine

// world is a queue, two databases and a store, and the engines that work there.
type world struct {
	t        *testing.T
	queue    *queue.Queue
	config   *config.File
	src, dst string
	dir      string // of all files
	store    string

	mu  sync.Mutex
	now time.Time // zero: the system's
}

// newWorld makes one. prod are more lines of the configuration of that database, as "key: value".
func newWorld(t *testing.T, prod ...string) *world {
	t.Helper()
	return newWorldOn(t, pgtest.Server(t), prod...)
}

// newWorldOn makes one whose source is on a server that nobody else writes to: so a copy can go on that was broken off.
func newWorldOn(t *testing.T, source *cluster.Cluster, prod ...string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), src: pgtest.DatabaseOn(t, source), dst: pgtest.DatabaseOn(t, pgtest.Second(t))}
	w.store = filepath.Join(w.dir, "dumps")
	w.file("prod", w.src)
	w.file("staging", w.dst)
	w.file("pgsluice.yaml", w.yaml(prod...))
	var err error
	if w.config, err = config.Open(filepath.Join(w.dir, "pgsluice.yaml")); err != nil {
		t.Fatal(err)
	}
	w.open()
	return w
}

// open opens the queue, also after it was closed.
func (w *world) open() {
	w.t.Helper()
	q, err := queue.Open(w.t.Context(), queue.Options{Dir: filepath.Join(w.dir, "queue"), Name: "test", AckWait: testAckWait})
	if err != nil {
		w.t.Fatal(err)
	}
	w.queue = q
	w.t.Cleanup(q.Close)
}

// testAckWait is short, so that a test of a lost daemon need not wait long.
const testAckWait = 3 * time.Second

func (w *world) yaml(prod ...string) string {
	lines := ""
	for _, line := range prod {
		lines += "    " + line + "\n"
	}
	return fmt.Sprintf(`
databases:
  prod:
    url_file: prod
    max_transfers: 8
%s  staging:
    url_file: staging
  sacred:
    url_file: staging
    never_target: true
stores:
  local: %s
limits:
  transfers: 3
`, lines, w.store)
}

func (w *world) file(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// clock is what engines take for the time.
func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now.IsZero() {
		return time.Now()
	}
	return w.now
}

func (w *world) setClock(to string) {
	w.t.Helper()
	at, err := time.Parse(time.RFC3339, to)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = at
}

// engine is one that does not run.
func (w *world) engine(name string) *Engine {
	return New(Options{
		Queue: w.queue, Config: w.config.Config, Name: name, Version: "test", AckWait: testAckWait, Recheck: 50 * time.Millisecond, Now: w.clock,
		Log: zaptest.NewLogger(w.t, zaptest.Level(zap.WarnLevel)),
	})
}

// start runs an engine until stop is called, which returns when it has ended, or the test ends.
func (w *world) start(name string) (e *Engine, stop func()) {
	e = w.engine(name)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		e.Run(ctx)
	}()
	stop = func() { cancel(); <-over }
	w.t.Cleanup(stop)
	return e, stop
}

func (w *world) create(e *Engine, s work.Spec) *work.Transfer {
	w.t.Helper()
	made, err := e.Create(w.t.Context(), s, "tester")
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// until waits for a state of a transfer.
func (w *world) until(id, what string, is func(*work.Transfer) bool) *work.Transfer {
	w.t.Helper()
	var last *work.Transfer
	there := pgtest.Poll(patience, func() (so bool) {
		var err error
		if last, err = w.queue.Get(w.t.Context(), id); err != nil {
			w.t.Fatal(err)
		}
		return is(last)
	})
	if !there {
		w.t.Fatalf("%s: it never came to be that %s: %+v", id, what, last)
	}
	return last
}

func (w *world) untilState(id string, s work.State) *work.Transfer {
	w.t.Helper()
	return w.until(id, "it is "+string(s), func(t *work.Transfer) bool {
		if t.State != s && t.State.Final() {
			w.t.Fatalf("it is %s, not %s: %s", t.State, s, t.Error)
		}
		return t.State == s
	})
}

// untilMoved waits until a transfer has moved some bytes, as who watches it sees.
func (w *world) untilMoved(e *Engine, id string, bytes int64) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	for l, err := range e.Live(ctx, id) {
		if err != nil {
			w.t.Fatal(err)
		}
		if moved(w.t, l) >= bytes {
			return
		}
	}
	w.t.Fatalf("%s never moved %d bytes", id, bytes)
}

// secrets are words that must not get out.
func (w *world) secrets() []string {
	return []string{w.src, w.dst, strings.TrimPrefix(w.src, "postgres://"), "postgres@"}
}

// bigTable is SQL for 20 MB on the wire.
func bigTable(name string) string {
	return fmt.Sprintf(`
CREATE TABLE %[1]s (id int, filler text);
INSERT INTO %[1]s SELECT i, repeat('x', 10000) FROM generate_series(1, 2000) i;
`, name)
}
