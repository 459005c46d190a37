package pgdump

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// bridge lets one libpq client use a connection that pgx has opened. It listens where only this user can connect,
// greets one client as a server would, and from then on passes bytes both ways.
type bridge struct {
	listener net.Listener
	folder   string // private, holds the socket; "" on TCP
	password string // for TCP, where other users could connect; "" on a socket
	server   *pgconn.HijackedConn
	cancel   func() // ends the server's running statement

	mu     sync.Mutex
	closed bool
	client net.Conn
	done   chan struct{} // closed when serve has ended
}

// cancelDeadline bounds how long a server that does not answer holds up close.
const cancelDeadline = 3 * time.Second

// newBridge takes conn over: close ends it.
func newBridge(ctx context.Context, conn *pgconn.PgConn) (*bridge, error) {
	b := &bridge{done: make(chan struct{})}
	if err := b.listen(); err != nil {
		return nil, fmt.Errorf("a socket for pg_dump: %w", err)
	}
	server, err := conn.Hijack()
	if err != nil {
		b.unlisten()
		return nil, err
	}
	b.server = server
	b.cancel = func() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelDeadline)
		defer stop()
		_ = conn.CancelRequest(ctx) // of use also after Hijack; without an answer the server's own timeouts are left
	}
	go func() {
		defer close(b.done)
		b.serve()
	}()
	return b, nil
}

func (b *bridge) listen() (err error) {
	if runtime.GOOS == "windows" {
		secret := make([]byte, 16)
		if _, err := rand.Read(secret); err != nil {
			return err
		}
		b.password = hex.EncodeToString(secret)
		b.listener, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	}
	parent := os.TempDir()
	// a socket's path has at most 103 bytes on some systems, and what has commas, or begins without a slash, are host names
	if len(parent) > 60 || strings.Contains(parent, ",") || !filepath.IsAbs(parent) {
		parent = "/tmp"
	}
	if b.folder, err = os.MkdirTemp(parent, "pgsluice-"); err != nil { // mode 0700
		return err
	}
	if b.listener, err = net.Listen("unix", filepath.Join(b.folder, ".s.PGSQL.5432")); err != nil {
		_ = os.Remove(b.folder)
	}
	return err
}

// environment is what a libpq client needs to find the bridge.
func (b *bridge) environment() []string {
	host, port := b.folder, "5432"
	if b.folder == "" {
		host, port, _ = net.SplitHostPort(b.listener.Addr().String())
	}
	return []string{
		"PGHOST=" + host, "PGPORT=" + port, "PGUSER=" + b.server.Config.User, "PGDATABASE=" + b.server.Config.Database,
		"PGPASSWORD=" + b.password, "PGSSLMODE=disable", "PGGSSENCMODE=disable", "PGPASSFILE=" + noPassFile(), "PGCONNECT_TIMEOUT=30",
	}
}

// noPassFile names a file that is not there: libpq warns of any that is no plain file.
func noPassFile() string { return filepath.Join(os.TempDir(), "pgsluice-has-no-pgpass") }

func (b *bridge) unlisten() {
	_ = b.listener.Close() // unlinks the socket
	if b.folder != "" {
		_ = os.Remove(b.folder)
	}
}

// close ends both connections and waits for the bytes in passing. What broke before shows on the client's side: pg_dump
// says it.
func (b *bridge) close() {
	b.unlisten()
	b.mu.Lock()
	b.closed = true
	if b.client != nil {
		_ = b.client.Close()
	}
	b.mu.Unlock()
	<-b.done
}

func (b *bridge) serve() {
	defer b.server.Conn.Close()
	client, err := b.listener.Accept()
	if err != nil {
		return
	}
	b.mu.Lock()
	b.client = client
	if b.closed {
		_ = client.Close()
	}
	b.mu.Unlock()
	// one client is all: nothing is left in the file system from here on, and pg_dump, which on SIGTERM connects again to
	// send a cancel request, is refused at once
	b.unlisten()
	var passing sync.WaitGroup
	defer passing.Wait()
	if b.greet(client) == nil {
		l := &lockAhead{client: bufio.NewWriterSize(client, 64<<10)}
		var ended atomic.Bool // the server's side
		passing.Go(func() {
			_ = l.toServer(b.server.Conn, client)
			if !ended.Load() {
				b.cancel() // a backend that waits for a lock does not notice that its client has left
			}
			_ = b.server.Conn.Close()
		})
		_ = l.toClient(b.server.Conn)
		ended.Store(true)
	}
	_ = client.Close()
}

// greet plays the server's part of the start-up: the login has long been done.
func (b *bridge) greet(client net.Conn) error {
	backend := pgproto3.NewBackend(client, client)
	for {
		message, err := backend.ReceiveStartupMessage()
		if err != nil {
			return err
		}
		switch message.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := client.Write([]byte{'N'}); err != nil {
				return err
			}
			continue
		case *pgproto3.StartupMessage:
		default:
			return fmt.Errorf("pg_dump began with %T", message)
		}
		break
	}
	if b.password != "" {
		if err := askPassword(backend, b.password); err != nil {
			return err
		}
	}
	backend.Send(&pgproto3.AuthenticationOk{})
	for name, value := range b.server.ParameterStatuses {
		backend.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	// no cancel key: only this process cancels, and an old libpq does not know the long keys of protocol 3.2
	backend.Send(&pgproto3.BackendKeyData{ProcessID: b.server.PID, SecretKey: make([]byte, 4)})
	backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return backend.Flush()
}

func askPassword(backend *pgproto3.Backend, want string) error {
	backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := backend.Flush(); err != nil {
		return err
	}
	if err := backend.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return err
	}
	message, err := backend.Receive()
	if err != nil {
		return err
	}
	if p, ok := message.(*pgproto3.PasswordMessage); !ok || p.Password != want {
		return errors.New("a stranger connected to the socket for pg_dump")
	}
	return nil
}
