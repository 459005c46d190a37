package transfer

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// parallel runs the tasks that are ordered by their needs alone, on Jobs copy streams and IndexJobs builders. The first
// error that stops the transfer cancels the others.
func (r *run) parallel(ctx context.Context) error {
	b := newBoard(r.plan, r.TotalJobs, r.TOCOrder, r.settled)
	b.shares = r.sharesOf()
	b.allow(r.beginJobs)
	r.origin.attach(b)
	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, b.halt)()
	defer r.tune(ctx, b)()
	readers := r.copiersOf(group, ctx, b)
	defer r.Control.attach(b, readers, r.Jobs, func(err error) { r.warn("copy streams", err.Error()) })()
	for i := range r.IndexJobs {
		group.Go(func() error {
			return r.work(ctx, b, builders, &streams{run: r, worker: fmt.Sprintf("build %d", i+1), work: "post-data"})
		})
	}
	group.Go(func() error { return r.origin.feed(ctx) })
	group.Go(func() error {
		<-readers.over
		if ctx.Err() == nil {
			return r.releaseSource(ctx)
		}
		return nil // who ended it has said why
	})
	return group.Wait()
}

// copiersOf are the copiers of a pass.
func (r *run) copiersOf(group *errgroup.Group, ctx context.Context, b *board) *crew { //nolint:revive // the context is the group's
	return &crew{
		group: group, ctx: ctx, begins: r.beginJobs,
		member: func(i int) *streams { return &streams{run: r, worker: fmt.Sprintf("copy %d", i), work: "copy-in"} },
		open:   func(ctx context.Context, s *streams) error { return s.open(ctx, true) },
		work:   func(s *streams) error { return r.work(ctx, b, copiers, s) },
		allow: func(n int) {
			b.widen(n, r.TotalJobs+max(0, n-r.Jobs))
			r.streamed(n)
		},
	}
}

// releaseSource lets the origin go once all of it is read. What has arrived is flushed first: after a crash of the target it
// could not be read again.
func (r *run) releaseSource(ctx context.Context) error {
	if r.origin.released() {
		return nil
	}
	if err := r.ledger.do(ctx, r.flush); err != nil {
		return err
	}
	return r.origin.release(ctx)
}

// work takes tasks of one pool until there are none.
func (r *run) work(ctx context.Context, b *board, p pool, s *streams) error {
	defer s.close(ctx)
	for tasks := b.take(p); tasks != nil; tasks = b.take(p) {
		err := r.together(ctx, s, tasks)
		r.origin.ended(tasks)
		b.end(tasks)
		if err != nil {
			return err
		}
	}
	return nil
}
