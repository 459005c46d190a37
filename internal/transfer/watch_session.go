package transfer

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"pgsluice/internal/catalog"
)

// watchSession is the watcher's own session on one server, opened when there is something to ask.
type watchSession struct {
	address *catalog.Address
	conn    *pgconn.PgConn
	version int
}

func (s *watchSession) ask(ctx context.Context, pids []uint32) (map[uint32]catalog.Activity, error) {
	ctx, cancel := context.WithTimeout(ctx, watchDeadline)
	defer cancel()
	if s.conn == nil {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
	}
	return catalog.ReadActivity(ctx, s.conn, pids, s.version)
}

func (s *watchSession) open(ctx context.Context) error {
	conn, err := catalog.OpenSession(ctx, s.address, catalog.SessionOptions{
		Role: catalog.Reader, Encoding: "UTF8", Application: "pgsluice watch", Configure: impatient,
	})
	if err != nil {
		return err
	}
	s.conn = conn
	if s.version, err = catalog.ServerVersion(conn); err != nil {
		return err
	}
	// the server gives up before we do, so that no question is left behind
	return exec(ctx, conn, "SET statement_timeout = '3s'")
}

func (s *watchSession) close(ctx context.Context) {
	if s.conn != nil {
		catalog.Close(ctx, s.conn)
		s.conn = nil
	}
}

// impatient makes a connection that is cut at once when its context ends: nobody waits for the answer, and stopping to
// watch must not hold up the end of a transfer.
func impatient(config *pgconn.Config) {
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn()}
	}
}
