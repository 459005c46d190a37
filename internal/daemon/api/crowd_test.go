package api_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/daemon/api"
)

// TestIdleConnectionsMakeRoom: the one that has been idle for the longest time goes first, and who asks something is never cut off.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.Server(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-answer
	}), api.Limits{Connections: 3})
	server.Start()
	defer server.Close()
	dial := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	const request = "GET / HTTP/1.1\r\nHost: d\r\n\r\n"
	busy := dial()
	fmt.Fprint(busy, request)
	<-asked
	var idle []net.Conn
	for range 5 {
		idle = append(idle, dial())
	}
	for i, conn := range idle[:3] { // 1 busy, 2 idle ones are left
		if !closedBy(t, conn) {
			t.Errorf("idle connection %d is still there", i)
		}
	}
	for _, conn := range append([]net.Conn{busy}, idle[3:]...) {
		if conn != busy {
			fmt.Fprint(conn, request)
			<-asked
		}
	}
	late := dial()
	if !closedBy(t, late) {
		t.Error("one more than may be was kept, though all others are busy")
	}
	close(answer)
	for i, conn := range append([]net.Conn{busy}, idle[3:]...) {
		b := make([]byte, 12)
		if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 200" {
			t.Errorf("busy connection %d: %q, %v", i, b, err)
		}
	}
}

// closedBy reports whether the server closes a connection, which it does at once or not at all.
func closedBy(t *testing.T, conn net.Conn) bool {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Read(make([]byte, 1))
	var timeout net.Error
	return err != nil && (!errors.As(err, &timeout) || !timeout.Timeout())
}

// TestSilentAndSlowRequestsEnd: a request that does not come within its time ends, and so does its connection.
func TestSilentAndSlowRequestsEnd(t *testing.T) {
	t.Parallel()
	d := start(t, api.Options{})
	s := api.Server(http.NotFoundHandler(), api.Limits{})
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes > 64<<10 {
		t.Errorf("a bound is missing: %+v", s)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/transfers HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", d.operate)
	b := make([]byte, 12)
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 408" {
		t.Errorf("half a body: %q, %v", b, err)
	}
}
