package durable

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pgsluice/internal/cluster"
	"pgsluice/internal/daemon/work"
)

// counter counts the bytes that pass the relays in front of the servers, and does something at one of them.
type counter struct {
	mu   sync.Mutex
	left int64
	then func()
}

// at has then called when so many bytes more have come, before they go on. It is called once, by a relay.
func (c *counter) at(bytes int64, then func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.then = bytes, then
}

func (c *counter) passed(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left -= int64(bytes); c.left <= 0 && c.then != nil {
		c.then()
		c.then = nil
	}
}

// counted writes to a connection what a counter has seen.
type counted struct {
	net.Conn
	seen *counter
}

func (c counted) Write(p []byte) (int, error) {
	c.seen.passed(len(p))
	return c.Conn.Write(p)
}

// relay stands in front of a server until the test ends. It returns what leads through it instead of to the server.
func (c *counter) relay(t *testing.T, server *cluster.Cluster) (through func(url string) string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	behind := net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port()))
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { c.pass(client, behind) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		connections.Wait()
	})
	return func(url string) string { return strings.Replace(url, behind, listener.Addr().String(), 1) }
}

// pass ends both connections when one of them ends.
func (c *counter) pass(client net.Conn, behind string) {
	defer client.Close()
	server, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(counted{client, c}, server)
		client.Close()
	})
	_, _ = io.Copy(counted{server, c}, client)
	server.Close()
	back.Wait()
}

// killedAt kills the daemon's process when so many bytes more have passed the relays.
func (d *daemon) killedAt(c *counter, bytes int64) {
	d.t.Helper()
	process := d.cmd.Process
	c.at(bytes, func() { _ = process.Kill() })
	select {
	case <-d.ended:
	case <-time.After(patience):
		d.t.Fatalf("%d bytes more do not come: the kill hits nothing", bytes)
	}
	if d.cmd.ProcessState.Exited() {
		d.t.Fatalf("it has ended before it was killed: %s", d.cmd.ProcessState)
	}
}

// killedAtChange kills it when so many transfers more have changed their state.
func (d *daemon) killedAtChange(changes int) {
	d.t.Helper()
	states := map[string]work.State{}
	all, err := d.Transfers(bounded(d.t), work.Filter{Limit: 1000})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, t := range all {
		states[t.ID] = t.State
	}
	for t, err := range d.All(bounded(d.t)) {
		if err != nil {
			d.t.Fatalf("%d changes more do not come: %v", changes, err)
		}
		if states[t.ID] != t.State {
			states[t.ID] = t.State
			changes--
		}
		if changes <= 0 {
			break
		}
	}
	d.kill()
}

// streams looks again and again at a server's sessions until it is stopped, and demands that no database whose name begins with prefix is read or
// written by more COPYs at a time than most. What a killed daemon has left there does not count: since says when the present one has begun.
func streams(t *testing.T, server *cluster.Cluster, prefix string, most int, since func() time.Time) (stop func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var watcher sync.WaitGroup
	seen := 0
	watcher.Go(func() {
		defer conn.Close(context.WithoutCancel(t.Context()))
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for {
			var n int
			if err := conn.QueryRow(t.Context(), busiest, prefix+"%", since()).Scan(&n); err != nil {
				t.Error(err)
				return
			}
			if seen = max(seen, n); n > most {
				t.Errorf("%d copy streams use one database, want %d at most", n, most)
			}
			select {
			case <-done:
				return
			case <-t.Context().Done():
				return
			case <-again.C:
			}
		}
	})
	t.Cleanup(watcher.Wait) // of a test that fails before stop
	return func() {
		close(done)
		watcher.Wait()
		if seen == 0 {
			t.Error("no copy stream was seen: the limit was not tested")
		}
		t.Logf("%d copy streams at most used a database %s*, %d are allowed", seen, prefix, most)
	}
}

const busiest = `SELECT coalesce(max(n), 0)::int FROM (SELECT count(*) AS n FROM pg_stat_activity
	WHERE state = 'active' AND query ILIKE 'copy%' AND datname LIKE $1 AND backend_start > $2 GROUP BY datname) x`
