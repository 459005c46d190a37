package catalog

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

const piece = 8 << 10 // that a server sends at once

// gathered is a gatherer that has read a long answer, and its other end.
func gathered(t *testing.T, patience time.Duration) (*gatherer, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialer := net.Dialer{}
	conn, err := gathering(dialer.DialContext)(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); server.Close() })
	g := conn.(*gatherer)
	g.patience = patience
	send(t, server, gatherAfter)
	if _, err := io.ReadFull(g, make([]byte, gatherAfter)); err != nil {
		t.Fatal(err)
	}
	return g, server
}

func send(t *testing.T, to net.Conn, bytes int) {
	t.Helper()
	if _, err := to.Write(make([]byte, bytes)); err != nil {
		t.Fatal(err)
	}
}

// read reads once, meanwhile something happens.
func read(t *testing.T, from net.Conn, meanwhile func()) (int, error) {
	t.Helper()
	type result struct {
		n   int
		err error
	}
	done := make(chan result)
	go func() {
		n, err := from.Read(make([]byte, readBuffer))
		done <- result{n, err}
	}()
	meanwhile()
	r := <-done
	return r.n, r.err
}

// In the midst of a long answer a read waits for a full buffer, or for as much of it as the kernel has memory for.
func TestGather(t *testing.T) {
	t.Parallel()
	g, server := gathered(t, time.Minute)
	reads, rounds := 0, 3
	for range rounds {
		got, err := read(t, g, func() {
			for range readBuffer / piece {
				send(t, server, piece)
			}
		})
		for reads++; got < readBuffer && err == nil; reads++ {
			var n int
			n, err = g.Read(make([]byte, readBuffer-got))
			got += n
		}
		if got != readBuffer || err != nil {
			t.Errorf("%d bytes, error %v", got, err)
		}
	}
	if pieces := rounds * readBuffer / piece; reads > pieces/2 {
		t.Errorf("%d reads for %d pieces", reads, pieces)
	}
}

// Where no more comes, what is there is read, and what comes after it at once, however little.
func TestGatherEnds(t *testing.T) {
	t.Parallel()
	g, server := gathered(t, time.Millisecond)
	for i := range 3 {
		if n, err := read(t, g, func() { send(t, server, piece) }); n != piece || err != nil {
			t.Errorf("%d: %d bytes, error %v", i, n, err)
		}
	}
	server.Close()
	if n, err := g.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes, error %v", n, err)
	}
}

// A question ends the answer before it: the next one is not waited for.
func TestGatherAnswers(t *testing.T) {
	t.Parallel()
	g, server := gathered(t, time.Minute)
	send(t, g, 1)
	if n, err := read(t, g, func() { send(t, server, piece) }); n != piece || err != nil {
		t.Errorf("%d bytes, error %v", n, err)
	}
}

// A deadline from outside goes before: one that lies ahead wakes a read that waits for more, one that has passed ends it.
func TestGatherDeadlines(t *testing.T) {
	t.Parallel()
	for _, set := range []func(*gatherer, time.Time) error{(*gatherer).SetDeadline, (*gatherer).SetReadDeadline} {
		g, server := gathered(t, time.Minute)
		n, err := read(t, g, func() {
			send(t, server, piece)
			if err := set(g, time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		})
		if n != piece || err != nil {
			t.Errorf("ahead: %d bytes, error %v", n, err)
		}
		_, err = read(t, g, func() {
			if err := set(g, time.Unix(1, 0)); err != nil {
				t.Error(err)
			}
		})
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("passed: error %v", err)
		}
		if err := set(g, time.Time{}); err != nil {
			t.Error(err)
		}
		if n, err := read(t, g, func() { send(t, server, piece) }); n != piece || err != nil {
			t.Errorf("taken away: %d bytes, error %v", n, err)
		}
	}
}

// Other connections than TCP's are left as they are.
func TestGatherOthers(t *testing.T) {
	t.Parallel()
	one, other := net.Pipe()
	defer other.Close()
	defer one.Close()
	conn, err := gathering(func(context.Context, string, string) (net.Conn, error) { return one, nil })(t.Context(), "unix", "")
	if conn != one || err != nil {
		t.Errorf("%v, error %v", conn, err)
	}
	if conn, err := gathering(func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrClosedPipe })(t.Context(), "tcp", ""); conn != nil || err != io.ErrClosedPipe {
		t.Errorf("%v, error %v", conn, err)
	}
}

// A deadline of ours that has passed is nobody else's concern, also where a question that was sent meanwhile has taken it back: only one
// from outside ends a read.
func TestGatherPassedMeanwhile(t *testing.T) {
	t.Parallel()
	g, server := gathered(t, time.Minute)
	if err := g.TCPConn.SetReadDeadline(time.Unix(1, 0)); err != nil { // it has passed, and the read has not yet seen what a Write does then
		t.Fatal(err)
	}
	g.mu.Lock()
	g.low, g.come = false, 0
	g.mu.Unlock()
	if n, err := read(t, g, func() { send(t, server, piece) }); n != piece || err != nil {
		t.Errorf("%d bytes, error %v", n, err)
	}
}
