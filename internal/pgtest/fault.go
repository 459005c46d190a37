package pgtest

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Direction says which bytes of a connection a Fault counts.
type Direction int

// The two directions, as the client sees them.
const (
	Read  Direction = iota // bytes from the server
	Write                  // bytes to the server
)

// Action is what happens when a Fault fires.
type Action struct {
	kind kind
	call func() error
}

type kind int

const (
	reset kind = iota
	closing
	stall
	call
)

// Reset aborts the connection: both sides get "connection reset", the client as
// the ECONNRESET of its system. It is the zero Action.
func Reset() Action { return Action{kind: reset} }

// Close ends the connection as a dying peer would: after Write, the server gets
// the first half of a message and then the end; after Read, the client does. Its
// reads then return io.EOF and its writes EPIPE, as those of a real socket.
func Close() Action { return Action{kind: closing} }

// Stall holds the bytes back until Release is called, the connection is closed,
// or the deadline passes that cancelling a context sets.
func Stall() Action { return Action{kind: stall} }

// Call runs f, in the goroutine that reads or writes, and then lets the bytes go
// on; an error of f becomes the connection's. f must not end the test (t.Fatal),
// so its SQL goes through Run.
func Call(f func() error) Action { return Action{kind: call, call: f} }

// Fault is an accident on the wire at a counted byte. It lets After bytes pass in
// its direction, on each connection of a wrapped configuration, startup and login
// included, and fires when the next byte is asked for: once, on the connection
// that gets there first. All others are left alone.
//
// A Fault must not be copied, and may be used from several goroutines.
type Fault struct {
	Direction Direction
	After     int64
	Action    Action

	once     sync.Once
	mu       sync.Mutex // guards spent
	spent    bool
	fired    chan struct{}
	released chan struct{}
	release  sync.Once
}

func (f *Fault) init() {
	f.once.Do(func() {
		f.fired = make(chan struct{})
		f.released = make(chan struct{})
	})
}

// Wrap puts the fault into every connection that is made with cfg from now on,
// inside of TLS, where the bytes are the protocol's own. Faults can be stacked.
func (f *Fault) Wrap(cfg *pgconn.Config) {
	f.init()
	inner := cfg.AfterNetConnect
	cfg.AfterNetConnect = func(ctx context.Context, cfg *pgconn.Config, conn net.Conn) (net.Conn, error) {
		if inner != nil {
			var err error
			if conn, err = inner(ctx, cfg, conn); err != nil {
				return nil, err
			}
		}
		return newConn(f, conn), nil
	}
}

// Fired is closed when the fault fires, before its action.
func (f *Fault) Fired() <-chan struct{} {
	f.init()
	return f.fired
}

// Release ends a Stall, also one that is yet to come. It may be called again.
func (f *Fault) Release() {
	f.init()
	f.release.Do(func() { close(f.released) })
}

// MustFire fails the test, when it ends, if the fault has not fired by then: a
// case whose accident never happened has shown nothing.
func (f *Fault) MustFire(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		select {
		case <-f.Fired():
		default:
			t.Errorf("the fault after %d bytes did not fire", f.After)
		}
	})
}

// take says whether the caller is the one to fire.
func (f *Fault) take() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spent {
		return false
	}
	f.spent = true
	close(f.fired)
	return true
}

// fire does the action on c. The bytes go on if it returns nil.
func (f *Fault) fire(c *conn) error {
	switch f.Action.kind {
	case reset:
		err := c.cut(syscall.ECONNRESET)
		// what goes wrong with the corpse is no matter
		_ = abort(c)
		_ = c.Close()
		return err
	case closing:
		err := c.cut(syscall.EPIPE)
		_ = c.Close()
		return err
	case stall:
		c.stalled.Store(true)
		return c.wait(f.Direction, f.released)
	default:
		return f.Action.call()
	}
}

// abort makes the next Close of a TCP connection, wherever it is wrapped, send RST
// instead of a proper end.
func abort(c net.Conn) error {
	for {
		switch inner := c.(type) {
		case *net.TCPConn:
			return inner.SetLinger(0)
		case interface{ NetConn() net.Conn }: // *tls.Conn, *conn
			c = inner.NetConn()
		default:
			return nil // a Unix-domain socket knows no RST
		}
	}
}
