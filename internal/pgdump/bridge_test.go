package pgdump

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

// overTCP is a bridge as on systems without private sockets.
func overTCP(t *testing.T, password string) *bridge {
	t.Helper()
	b := &bridge{done: make(chan struct{}), password: password}
	var err error
	if b.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	b.cancel = func() {}
	if b.server, err = open(t, pgtest.Database(t)).Hijack(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(b.done)
		b.serve()
	}()
	t.Cleanup(b.close)
	return b
}

func (b *bridge) url(password string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=prefer", b.server.Config.User, password, b.listener.Addr(), b.server.Config.Database)
}

// One client gets through with the password that only the child knows; it sees a server like any other.
func TestBridgeOverTCP(t *testing.T) {
	t.Parallel()
	b := overTCP(t, "for the child")
	// as libpq would: one that asks for TLS first is told that there is none
	config, err := pgconn.ParseConfig(strings.Replace(b.url("for%20the%20child"), "prefer", "disable", 1))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if conn.ParameterStatus("server_version") == "" || conn.PID() != b.server.PID {
		t.Errorf("the client sees version %q, process %d", conn.ParameterStatus("server_version"), conn.PID())
	}
	results, err := conn.Exec(t.Context(), "SELECT pg_backend_pid(), current_user").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := string(results[0].Rows[0][0]); got != fmt.Sprint(b.server.PID) {
		t.Errorf("the client speaks to process %s, not %d", got, b.server.PID)
	}
	if second, err := pgconn.ConnectConfig(t.Context(), config); err == nil {
		second.Close(t.Context())
		t.Error("a second client got in")
	}
}

// A stranger ends the connection to the server, before it has passed a byte.
func TestBridgeRefusesAStranger(t *testing.T) {
	t.Parallel()
	b := overTCP(t, "for the child")
	conn, err := pgconn.Connect(t.Context(), strings.Replace(b.url("a%20guess"), "prefer", "disable", 1))
	if err == nil {
		conn.Close(t.Context())
		t.Fatal("a stranger got in")
	}
	b.unlisten()
	<-b.done
	if _, err := b.server.Conn.Write([]byte("X")); err == nil {
		t.Error("the server's connection is still open")
	}
}
