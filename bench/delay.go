package main

import (
	"errors"
	"net"
	"sync"
	"time"
)

// proxy is a line of TCP with latency to a server's Unix socket. What it takes of CPU time is counted nowhere.
type proxy struct {
	delay    time.Duration // of each direction
	upstream string        // path of the Unix socket
	listener net.Listener
	work     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn // to be closed in the end
	ended bool
}

// listen starts a proxy on a port of this host.
func listen(upstream string, delay time.Duration) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{delay: delay, upstream: upstream, listener: l}
	p.work.Go(func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return // it was closed
			}
			p.work.Go(func() { p.serve(down) })
		}
	})
	return p, nil
}

// serve joins two connections until both directions have ended. A real line takes a round trip to be opened, so the first
// bytes are later by that.
func (p *proxy) serve(down net.Conn) {
	opened := time.Now().Add(2 * p.delay)
	up, err := net.Dial("unix", p.upstream)
	if err != nil {
		down.Close()
		return
	}
	if !p.keep(down, up) {
		return
	}
	p.work.Go(func() { p.carry(down, up, opened) })
	p.carry(up, down, opened)
}

// keep remembers connections for close, and closes them at once if that was called already.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conns...)
	if p.ended {
		for _, c := range conns {
			c.Close()
		}
	}
	return !p.ended
}

// carry forwards every chunk when its delay is over, however many are on the way. An end travels like a chunk, and a
// connection that fails takes the other one with it.
func (p *proxy) carry(from, to net.Conn, opened time.Time) {
	type chunk struct {
		bytes []byte
		due   time.Time
	}
	line := make(chan chunk, 1<<12)
	p.work.Go(func() {
		defer close(line)
		for {
			buf := make([]byte, 64<<10)
			n, err := from.Read(buf)
			due := time.Now()
			if due.Before(opened) {
				due = opened
			}
			line <- chunk{buf[:n], due.Add(p.delay)}
			if err != nil {
				return
			}
		}
	})
	for c := range line {
		time.Sleep(time.Until(c.due))
		if _, err := to.Write(c.bytes); err != nil {
			from.Close() // its reader ends
		}
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // an error says that it is closed
	}
}

// close ends the proxy and all connections through it.
func (p *proxy) close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.ended = true
	for _, c := range p.conns {
		if failed := c.Close(); failed != nil && !errors.Is(failed, net.ErrClosed) {
			err = errors.Join(err, failed)
		}
	}
	p.mu.Unlock()
	p.work.Wait()
	return err
}
