package faults

import (
	"net"
	"strings"
	"sync"
)

// link is one connection of the program through a proxy.
type link struct {
	proxy          *proxy
	client, server net.Conn
	over           chan struct{} // closed when the connection has ended
	once           sync.Once

	mu  sync.Mutex
	app string // application_name without "pgsluice "
	pid int
	sql string // the latest statement sent
	// answer, once set, takes the place of the hook for what the server sends
	answer func(f frame) verdict
}

func (l *link) begin(f frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.app = strings.TrimPrefix(f.parameter("application_name"), "pgsluice ")
}

// note keeps what later messages are judged by.
func (l *link) note(d direction, f frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sql := f.sql(); d == toServer && sql != "" {
		l.sql = sql
	}
	if d == toClient && f.kind == kindKeyData {
		l.pid = f.pid()
	}
}

func (l *link) application() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.app
}

func (l *link) backend() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pid
}

func (l *link) statement() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sql
}

// loseAnswer drops the rest of the answer to the statement in work, waits for its end, and then resets the connection:
// the server has done what it was told, and the client can't know.
func (l *link) loseAnswer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = func(f frame) verdict {
		switch f.kind {
		case kindReady:
			return cut
		case kindComplete, kindDataRow, kindError, 'T', '1', '2', 'n':
			return drop
		}
		return pass // a COPY goes on until its end
	}
}

// losing is the verdict on what the server sends once its answer is to be lost.
func (l *link) losing(f frame) (verdict, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answer == nil {
		return pass, false
	}
	return l.answer(f), true
}

// close ends the connection on both sides properly.
func (l *link) close() {
	l.once.Do(func() {
		l.client.Close()
		l.server.Close()
		close(l.over)
	})
}

// reset ends it as a broken network does: both sides get "connection reset".
func (l *link) reset() {
	l.once.Do(func() {
		abort(l.client)
		abort(l.server)
		close(l.over)
	})
}

// breakOff sends the client the first bytes of a message and then the end.
func (l *link) breakOff() {
	l.once.Do(func() {
		_, _ = l.client.Write([]byte{'S', 0, 0})
		l.client.Close()
		l.server.Close()
		close(l.over)
	})
}

func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// breakAnswer lets the first half of the next message of the server through, and then ends the connection.
func (l *link) breakAnswer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = func(frame) verdict { return half }
}
