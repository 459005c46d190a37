package queue

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"pgsluice/internal/daemon/work"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// the server's clock, which it never stops
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

// open opens a queue and closes it behind the test.
func open(t *testing.T, o Options) *Queue {
	t.Helper()
	q, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// external starts a NATS server with a port and returns its URL.
func external(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

// both runs a test with an embedded and with an external server.
func both(t *testing.T, test func(t *testing.T, q *Queue)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, Options{Dir: t.TempDir()}))
	})
	t.Run("external", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, Options{URL: external(t)}))
	})
}

// soon is a context for what takes a moment.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func create(t *testing.T, q *Queue, target string) *work.Transfer {
	t.Helper()
	return must[*work.Transfer](t)(q.Create(soon(t), work.Transfer{Spec: work.Spec{Kind: work.Copy, Source: "prod", Target: target}, By: "ops"}))
}

// state is a change to a state.
func state(s work.State) func(*work.Transfer) error {
	return func(t *work.Transfer) error { t.State = s; return nil }
}

// take takes the next transfer and wants it to be this one.
func take(t *testing.T, q *Queue, id string) *Delivery {
	t.Helper()
	d := must[*Delivery](t)(q.Take(soon(t)))
	if d.ID != id {
		t.Fatalf("took %s, want %s", d.ID, id)
	}
	return d
}

// finish completes a transfer.
func finish(t *testing.T, d *Delivery) {
	t.Helper()
	must[*work.Transfer](t)(d.Update(soon(t), state(work.Completed)))
	if err := d.Done(soon(t)); err != nil {
		t.Fatal(err)
	}
}

// messages is how many transfers are in the queue, in work included.
func messages(t *testing.T, q *Queue) uint64 {
	t.Helper()
	info, err := q.work.Info(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

// copyDir copies the files of a server as they lie there at this moment, which is what a power cut leaves.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(fmt.Errorf("copy of %s: %w", from, err))
	}
	return to
}
