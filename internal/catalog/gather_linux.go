package catalog

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// gatherAfter is how many bytes must come in one answer before reads gather: those of a question about the catalogs
	// seldom are so many, those of a COPY of a table worth the trouble always.
	gatherAfter = 256 << 10
	// gatherFor bounds the wait for a full buffer: it is what the end of a COPY takes longer, and what a slow source's
	// rows are late.
	gatherFor = 10 * time.Millisecond
)

// gathering lets what it dials wait for readBuffer bytes at a time while a long answer comes in.
//
// A server sends 8 KiB at a time, and where its reader is the faster one, each of these wakes it: on one machine that takes more of
// both sides' time than the bytes do. SO_RCVLOWAT has the kernel wake the reader once there is a buffer full. It knows nothing
// of an answer's end, so a wait ends after gatherFor too.
func gathering(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
			return &gatherer{TCPConn: tcp, patience: gatherFor}, nil
		}
		return conn, err
	}
}

// gatherer is a connection whose reads gather. One goroutine may read and another write at a time, as of any net.Conn.
type gatherer struct {
	*net.TCPConn
	patience time.Duration // gatherFor

	mu       sync.Mutex
	deadline time.Time // of reads, as it was set from outside
	come     int       // bytes of this answer
	low      bool      // SO_RCVLOWAT is set
	waits    time.Time // the deadline of reads as it is, while low
}

func (g *gatherer) Read(p []byte) (int, error) {
	g.gather()
	n, err := g.TCPConn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && g.passed() {
		n, err = g.TCPConn.Read(p)
	}
	g.mu.Lock()
	g.come += n
	g.mu.Unlock()
	return n, err
}

// Write is the end of an answer: what comes next is another one.
func (g *gatherer) Write(p []byte) (int, error) {
	g.mu.Lock()
	if g.come = 0; g.low {
		g.scatter()
	}
	g.mu.Unlock()
	return g.TCPConn.Write(p)
}

// gather makes the next read wait for a full buffer, if it is one of a long answer.
func (g *gatherer) gather() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.come < gatherAfter || !g.deadline.IsZero() {
		return
	}
	now := time.Now()
	if !g.low {
		if g.setLow(readBuffer) != nil {
			return
		}
		g.low = true
	}
	if now.Add(g.patience / 2).After(g.waits) {
		g.waits = now.Add(g.patience)
		_ = g.TCPConn.SetReadDeadline(g.waits) // of a connection that is closed: then the read says so
	}
}

// passed has the reads after one whose deadline has passed take what comes. It reports whether that deadline was ours: all are that
// do not come from outside, also one that a Write has taken back in the moment when it passed.
func (g *gatherer) passed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.deadline.IsZero() && !time.Now().Before(g.deadline) {
		return false
	}
	g.come = 0
	g.scatter()
	return true
}

// scatter undoes gather. The caller holds mu.
func (g *gatherer) scatter() {
	g.low, g.waits = false, time.Time{}
	_ = g.setLow(1)
	_ = g.TCPConn.SetReadDeadline(g.deadline)
}

func (g *gatherer) setLow(bytes int) error {
	raw, err := g.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes) })
	return errors.Join(err, set)
}

// SetDeadline is how pgx ends a read whose context has ended. It goes before ours, and the server's answer to a cancellation is short.
func (g *gatherer) SetDeadline(t time.Time) error {
	return errors.Join(g.SetReadDeadline(t), g.SetWriteDeadline(t))
}

func (g *gatherer) SetReadDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deadline, g.come, g.waits = t, 0, time.Time{}
	if g.low {
		g.low = false
		_ = g.setLow(1) // it wakes a read that waits for more
	}
	return g.TCPConn.SetReadDeadline(t)
}
