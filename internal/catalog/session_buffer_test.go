package catalog

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

// asked knows the largest read that was asked of a connection.
type asked struct {
	net.Conn
	most *atomic.Int64
}

func (a asked) Read(p []byte) (int, error) {
	a.most.Store(max(a.most.Load(), int64(len(p)))) // one goroutine reads at a time
	return a.Conn.Read(p)
}

// Sessions that read a source take all that lies waiting, up to 64 KiB, in one read.
func TestReaderBuffer(t *testing.T) {
	pgtest.Server(t)
	address := parse(t, pgtest.Database(t))
	for role, want := range map[Role]int64{Reader: 64 << 10, Writer: 8 << 10} {
		var most atomic.Int64
		conn, err := OpenSession(t.Context(), address, SessionOptions{Role: role, Configure: func(c *pgconn.Config) {
			c.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, inner net.Conn) (net.Conn, error) {
				return asked{inner, &most}, nil
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if most.Load() != want {
			t.Errorf("role %v asks for up to %d bytes, want %d", role, most.Load(), want)
		}
		Close(t.Context(), conn)
	}
}
