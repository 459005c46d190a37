package transfer

import (
	"context"

	"pgsluice/internal/catalog"
	"pgsluice/internal/progress"
)

// holds reports whether a side is the source and its snapshot is held.
func (w *watcher) holds(s *side) bool {
	return s == &w.sides[0] && w.held != nil && w.held()
}

// load asks the source what the transfer costs it, and tells the tracker.
func (w *watcher) load(ctx context.Context, session *watchSession) error {
	load, err := session.load(ctx)
	if err != nil {
		return err
	}
	source := progress.Source{
		SnapshotAge: load.SnapshotAge, XIDAge: load.XIDAge, DatabaseXIDAge: load.DatabaseXIDAge, FreezeMaxAge: load.FreezeMaxAge,
	}
	for _, x := range load.Waiters {
		source.HeldUp = append(source.HeldUp, progress.HeldUp{
			PID: x.PID, Application: x.Application, User: x.User, Wants: x.Wants, Behind: x.Behind, For: x.Waited,
		})
	}
	w.tracker.Observe(source)
	return nil
}

func (s *watchSession) load(ctx context.Context) (catalog.SourceLoad, error) {
	ctx, cancel := context.WithTimeout(ctx, watchDeadline)
	defer cancel()
	return catalog.ReadSourceLoad(ctx, s.conn, s.version)
}
