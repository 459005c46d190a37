package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/transfer"
)

var errStop = errors.New("the user has seen enough")

// A demo that is cancelled while any of its steps waits for a server returns the cause and leaves nothing; the latter
// is what folder checks.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, step := range []struct {
		begins string // how the step's line begins
		holdUp string // makes it wait, in an open transaction on each server that can run this
		want   error
	}{
		{begins: "starting", want: errStop},
		{begins: "filling", holdUp: "CREATE TYPE order_state AS ENUM ()", want: errStop},
		{begins: "building", holdUp: "LOCK TABLE events", want: errStop},
		{begins: "copying", holdUp: "LOCK TABLE events", want: errStop},                  // the source makes it wait
		{begins: "copying", holdUp: "CREATE TYPE order_state AS ENUM ()", want: errStop}, // the target does
		{begins: "flipping", holdUp: "LOCK TABLE documents", want: errStop},
		{begins: "comparing", holdUp: "LOCK TABLE events", want: errStop},
		{begins: "removing", want: nil}, // all is done, and said so
	} {
		t.Run(step.begins, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			h := &holdUps{ctx: t.Context(), dir: folder(t), over: make(chan struct{})}
			defer h.end()
			tell := listener(func(text string) {
				switch {
				case !strings.HasPrefix(text, step.begins):
				case step.holdUp == "":
					cancel(errStop)
				default:
					h.begin(t, step.holdUp, func() { cancel(errStop) })
				}
			})
			err := Run(ctx, Options{Scale: small, Dir: h.dir, Story: NewStory(tell), FlipByte: step.begins == "flipping"})
			if !errors.Is(err, step.want) || err != nil && err.Error() != step.want.Error() {
				t.Errorf("got %v, want %v", err, step.want)
			}
			if !errors.Is(context.Cause(ctx), errStop) {
				t.Error("the step did not come")
			}
		})
	}
}

// listener calls itself with each write, in the goroutine of the demo.
type listener func(text string)

func (l listener) Write(p []byte) (int, error) {
	l(string(p))
	return len(p), nil
}

// holdUps are the transactions that make a demo wait.
type holdUps struct {
	ctx     context.Context
	dir     string
	over    chan struct{} // closed when the demo has ended
	watches sync.WaitGroup
}

// begin opens transactions on the servers in dir and runs sql in them, which holds locks until end. When
// a session waits for one, it calls stop.
func (h *holdUps) begin(t *testing.T, sql string, stop func()) {
	var errs []error
	held := false
	for _, url := range servers(t, h.dir) {
		conn, err := pgconn.Connect(h.ctx, url)
		if err == nil {
			_, err = conn.Exec(h.ctx, "BEGIN;"+sql).ReadAll()
		}
		if err != nil {
			errs = append(errs, err) // one of the two may lack the table, or have the type
			continue
		}
		held = true
		h.watches.Go(func() {
			defer conn.Close(h.ctx)
			for waiting := "0"; waiting == "0"; {
				results, err := conn.Exec(h.ctx, "SELECT count(*) FROM pg_locks WHERE NOT granted").ReadAll()
				if err != nil {
					return // the server has ended: the other one held the demo up
				}
				waiting = string(results[0].Rows[0][0])
			}
			stop()
			<-h.over
		})
	}
	if !held {
		t.Error(errors.Join(errs...))
		stop()
	}
}

func (h *holdUps) end() {
	close(h.over)
	h.watches.Wait()
}

// servers are the URLs of the shops on the servers that run in dir: the fourth line of a server's lock file is its
// port (pidfile.h).
func servers(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*", "data", "postmaster.pid"))
	if err != nil || len(files) != 2 {
		t.Errorf("%v, %v: want the files of two servers", files, err)
	}
	var urls []string
	for _, f := range files {
		lines, err := os.ReadFile(f)
		if err != nil {
			t.Error(err)
			continue
		}
		port := strings.Split(string(lines), "\n")[3]
		urls = append(urls, fmt.Sprintf("postgres://postgres@127.0.0.1:%s/shop?sslmode=disable", port))
	}
	return urls
}

// The same while rows flow.
func TestCancelledInMidCopy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	err := Run(ctx, Options{
		Scale: small, Dir: folder(t),
		Copy: func(ctx context.Context, opt transfer.Options) error {
			opt.Limiter = transfer.NewLimiter(100_000)
			var watch sync.WaitGroup
			defer watch.Wait()
			watch.Go(func() {
				defer cancel(errStop)
				look := time.NewTicker(5 * time.Millisecond)
				defer look.Stop()
				for s := opt.Progress.Snapshot(); s.Data.Bytes == 0 && !s.Over; s = opt.Progress.Snapshot() {
					<-look.C
				}
			})
			_, err := transfer.Copy(ctx, opt)
			return err
		},
	})
	if !errors.Is(err, errStop) {
		t.Errorf("got %v, want %v", err, errStop)
	}
}
