package catalog

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgsluice/internal/pgtest"
)

// serve hands each connection to a listener of this test to handle, and returns the listener's address.
func serve(t *testing.T, handle func(n int, client net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	t.Cleanup(func() { l.Close(); group.Wait() })
	group.Go(func() {
		for n := 0; ; n++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() { defer client.Close(); handle(n, client) })
		}
	})
	return l.Addr().String()
}

// serverOf is host and port of a URL.
func serverOf(url string) string {
	_, rest, _ := strings.Cut(url, "@")
	server, _, _ := strings.Cut(rest, "/")
	return server
}

// balancer leads each connection to the next of the servers.
func balancer(t *testing.T, servers ...string) string {
	return serve(t, func(n int, client net.Conn) {
		server, err := net.Dial("tcp", servers[n%len(servers)])
		if err != nil {
			return
		}
		defer server.Close()
		go func() { _, _ = io.Copy(server, client); server.Close() }()
		_, _ = io.Copy(client, server)
	})
}

// untilReady passes the server's answer on, up to ReadyForQuery, and returns its status; 0 if there is none.
func untilReady(front *pgproto3.Frontend, back *pgproto3.Backend) byte {
	for {
		message, err := front.Receive()
		if err != nil {
			return 0
		}
		if back != nil {
			back.Send(message)
		}
		if ready, ok := message.(*pgproto3.ReadyForQuery); ok {
			return ready.TxStatus
		}
	}
}

// pooler gives each transaction, or with wholeSessions each client, the server session that was free last, or a new one.
func pooler(t *testing.T, url string, wholeSessions bool) string {
	var mu sync.Mutex
	var idle []net.Conn
	t.Cleanup(func() {
		for _, server := range idle {
			server.Close()
		}
	})
	acquire := func() net.Conn {
		mu.Lock()
		defer mu.Unlock()
		if n := len(idle); n > 0 {
			server := idle[n-1]
			idle = idle[:n-1]
			return server
		}
		server, err := net.Dial("tcp", serverOf(url))
		if err != nil {
			t.Error(err)
			return nil
		}
		front := pgproto3.NewFrontend(server, server)
		front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres", "database": "postgres"}})
		if front.Flush() != nil || untilReady(front, nil) != 'I' {
			t.Error("the server does not let the pooler in")
		}
		return server
	}
	release := func(server net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		idle = append(idle, server)
	}
	return serve(t, func(n int, client net.Conn) {
		back := pgproto3.NewBackend(client, client)
		if _, err := back.ReceiveStartupMessage(); err != nil {
			return
		}
		back.Send(&pgproto3.AuthenticationOk{})
		back.Send(&pgproto3.ParameterStatus{Name: "server_version", Value: "15.1"})
		back.Send(&pgproto3.BackendKeyData{ProcessID: uint32(1000000 + n), SecretKey: []byte{0, 0, 0, 1}})
		back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		var server net.Conn
		for back.Flush() == nil {
			message, err := back.Receive()
			if _, last := message.(*pgproto3.Terminate); err != nil || last {
				break
			}
			if server == nil {
				if server = acquire(); server == nil {
					return
				}
			}
			front := pgproto3.NewFrontend(server, server)
			front.Send(message)
			if front.Flush() != nil {
				break
			}
			switch message.(type) {
			case *pgproto3.Query, *pgproto3.Sync:
				if status := untilReady(front, back); status == 'I' && !wholeSessions {
					release(server)
					server = nil
				}
			}
		}
		if server != nil {
			release(server)
		}
	})
}

// What lies between is found out, and nothing where nothing does.
func TestFollowRoute(t *testing.T) {
	t.Parallel()
	first, second := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	name := func(url string) string { // one that both servers have
		return strings.Replace("postgres://postgres@SERVER/postgres?sslmode=disable", "SERVER", url, 1)
	}
	for _, tt := range []struct {
		what, url string
		want      Route
	}{
		{"the server itself", first, Route{Servers: 1}},
		{"a balancer of one", name(balancer(t, serverOf(first))), Route{Servers: 1}},
		{"a balancer of two", name(balancer(t, serverOf(first), serverOf(second))), Route{Servers: 2}},
		{"sessions are pooled", name(pooler(t, first, true)), Route{Pooled: true, Servers: 1}},
		{"transactions are pooled", name(pooler(t, first, false)), Route{Pooled: true, Shared: true, Servers: 1}},
	} {
		conn := connect(t, tt.url)
		got, err := FollowRoute(t.Context(), parse(t, tt.url), conn)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, error %v, want %+v", tt.what, got, err, tt.want)
		}
		Close(t.Context(), conn)
	}
}
