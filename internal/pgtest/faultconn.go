package pgtest

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a connection with a fault in it.
type conn struct {
	net.Conn
	fault  *Fault
	passed atomic.Int64 // bytes in the fault's direction
	// stalled is set when a Stall fires here: it holds every later byte, too
	stalled atomic.Bool
	// broken, once set, is the system's error for a connection that has ended
	broken atomic.Pointer[syscall.Errno]
	// gate is a pipe that nobody writes to or reads from: waiting on it is a wait
	// that ends with the connection and keeps its deadlines
	gate, far net.Conn
}

func newConn(f *Fault, inner net.Conn) *conn {
	c := &conn{Conn: inner, fault: f}
	c.gate, c.far = net.Pipe()
	return c
}

func (c *conn) Read(p []byte) (int, error) {
	if c.fault.Direction != Read || len(p) == 0 {
		return c.read(p)
	}
	left := c.fault.After - c.passed.Load()
	if left <= 0 {
		if err := c.pass(); err != nil {
			return 0, err
		}
		return c.read(p)
	}
	n, err := c.read(p[:min(int64(len(p)), left)])
	c.passed.Add(int64(n))
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if c.fault.Direction != Write {
		return c.write(p)
	}
	left := max(0, c.fault.After-c.passed.Load())
	if int64(len(p)) <= left {
		n, err := c.write(p)
		c.passed.Add(int64(n))
		return n, err
	}
	n, err := c.write(p[:left])
	c.passed.Add(int64(n))
	if err != nil {
		return n, err
	}
	if err := c.pass(); err != nil {
		return n, err
	}
	m, err := c.write(p[n:])
	return n + m, err
}

// read and write say, once the fault has cut the connection, what a socket says
// that its peer has cut, and not that this side has closed it.
func (c *conn) read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.broken.Load() != nil {
		err = c.cutError("read")
	}
	return n, err
}

func (c *conn) write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil && c.broken.Load() != nil {
		err = c.cutError("write")
	}
	return n, err
}

// cut makes errno the connection's end, and returns its error for the fault's
// own direction.
func (c *conn) cut(errno syscall.Errno) error {
	c.broken.Store(&errno)
	if c.fault.Direction == Read {
		return c.cutError("read")
	}
	return c.cutError("write")
}

func (c *conn) cutError(op string) error {
	errno := *c.broken.Load()
	if op == "read" && errno == syscall.EPIPE {
		return io.EOF
	}
	return &net.OpError{
		Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(),
		Err: os.NewSyscallError(op, errno),
	}
}

// pass is called before each byte after the counted ones.
func (c *conn) pass() error {
	switch {
	case c.fault.take():
		return c.fault.fire(c)
	case c.stalled.Load():
		return c.wait(c.fault.Direction, c.fault.released)
	}
	return nil
}

// wait blocks until released is closed, the connection is closed, or its deadline
// for that direction passes.
func (c *conn) wait(d Direction, released <-chan struct{}) error {
	select {
	case <-released:
		return nil
	default:
	}
	done := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		defer close(done)
		var err error
		if d == Read {
			_, err = c.gate.Read(make([]byte, 1))
		} else {
			_, err = c.gate.Write(make([]byte, 1))
		}
		ended <- err
	}()
	select {
	case <-released:
		c.far.Close() // ends the goroutine
		<-done
		return nil
	case err := <-ended:
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		return net.ErrClosed
	}
}

// NetConn is the connection inside, as for a tls.Conn.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Close ends a wait, too.
func (c *conn) Close() error {
	c.gate.Close()
	c.far.Close()
	return c.Conn.Close()
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.gate.SetDeadline(t), c.Conn.SetDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	return errors.Join(c.gate.SetReadDeadline(t), c.Conn.SetReadDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return errors.Join(c.gate.SetWriteDeadline(t), c.Conn.SetWriteDeadline(t))
}
