package transfer

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"pgsluice/internal/catalog"
)

const (
	// keepEvery is how often the holders are asked for something: routers forget connections on which nothing moves, some of
	// them after a minute; and while one is lost the other must not be
	keepEvery = 5 * time.Second
	// keepDeadline bounds the answer to that, and the opening of a holder in place of one that was lost.
	keepDeadline = 20 * time.Second
)

// keep asks the holders for something from time to time and replaces the one that was lost, until the snapshot is closed.
func (r *run) keep(ctx context.Context, s *snapshot, every time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	s.mu.Lock()
	s.unkeep = func() { cancel(); keeping.Wait() }
	s.mu.Unlock()
	keeping.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for i := range s.holders {
				r.keepHolder(ctx, s, i)
			}
		}
	})
}

func (r *run) keepHolder(ctx context.Context, s *snapshot, i int) {
	ctx, cancel := context.WithTimeout(ctx, keepDeadline)
	defer cancel()
	old := s.holders[i]
	if !old.IsClosed() && exec(ctx, old, "SELECT") == nil {
		return
	}
	if ctx.Err() != nil {
		return // the next time, if it is not the end
	}
	holder, id, err := r.openHolder(ctx, s)
	if err != nil {
		r.Log.Info("a snapshot holder is lost, and could not be replaced", zap.Error(err))
		return
	}
	s.mu.Lock()
	s.ids[i] = id
	s.mu.Unlock()
	s.holders[i] = holder
	catalog.Close(ctx, old)
	r.Log.Info("a snapshot holder was lost and is replaced")
}

// openHolder opens another holder of a snapshot that is held by one at least.
func (r *run) openHolder(ctx context.Context, s *snapshot) (*pgconn.PgConn, string, error) {
	conn, err := catalog.OpenSession(ctx, r.src, r.readerOptions("snapshot"))
	if err != nil {
		return nil, "", err
	}
	var id string
	if err = s.importInto(ctx, conn); err == nil {
		id, err = export(ctx, conn)
	}
	if err == nil {
		err = r.lockIfFree(ctx, conn)
	}
	if err != nil {
		catalog.Close(ctx, conn)
		return nil, "", err
	}
	return conn, id, nil
}
