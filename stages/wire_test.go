package stages_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// wire counts what a connection's client sends and can keep the answers back: what is sent meanwhile was sent ahead.
type wire struct {
	net.Conn
	writes, sent atomic.Int64 // calls of Write, and their bytes

	reading sync.RWMutex // held for writing while answers are kept back

	mu      sync.Mutex // guards what follows
	enough  int64
	reached chan struct{}
}

// wired is connect with a wire in the connection. What has been sent until now is not counted.
func wired(t *testing.T, url string) (*pgconn.PgConn, *wire) {
	t.Helper()
	w := new(wire)
	conn := connectWith(t, url, func(cfg *pgconn.Config) {
		cfg.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, inner net.Conn) (net.Conn, error) {
			w.Conn = inner
			return w, nil
		}
	})
	w.writes.Store(0)
	w.sent.Store(0)
	return conn, w
}

func (w *wire) Read(p []byte) (int, error) {
	w.reading.RLock()
	defer w.reading.RUnlock()
	return w.Conn.Read(p)
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.writes.Add(1)
	sent := w.sent.Add(int64(n))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reached != nil && sent >= w.enough {
		close(w.reached)
		w.reached = nil
	}
	return n, err
}

// awaitSent returns a channel that is closed when n bytes have been sent.
func (w *wire) awaitSent(n int64) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enough, w.reached = n, make(chan struct{})
	return w.reached
}

// happens waits for a condition that must come true.
func happens(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Errorf("%s: it did not happen", what)
	}
}
