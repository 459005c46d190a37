package transfer

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"pgsluice/internal/plan"
)

// parallel runs the tasks that are ordered by their needs alone, on Jobs copy streams and IndexJobs builders. The first
// error that stops the transfer cancels the others.
func (r *run) parallel(ctx context.Context, failed *set) error {
	b := newBoard(r.plan, r.TotalJobs, r.TOCOrder)
	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, b.halt)()
	var reading sync.WaitGroup
	for i := range r.Jobs {
		reading.Add(1)
		group.Go(func() error {
			defer reading.Done()
			return r.work(ctx, b, copiers, &streams{run: r, worker: fmt.Sprintf("copy %d", i+1), work: "copy-in"}, failed)
		})
	}
	for i := range r.IndexJobs {
		group.Go(func() error {
			return r.work(ctx, b, builders, &streams{run: r, worker: fmt.Sprintf("build %d", i+1), work: "post-data"}, failed)
		})
	}
	group.Go(func() error {
		reading.Wait()
		r.snapshot.close(ctx) // while indexes are built the source is free: for TRUNCATE, ALTER and VACUUM
		return nil
	})
	return group.Wait()
}

// work takes tasks of one pool until there are none.
func (r *run) work(ctx context.Context, b *board, p pool, s *streams, failed *set) error {
	defer s.close(ctx)
	for t := b.take(p); t != nil; t = b.take(p) {
		err := r.task(ctx, s, t, failed)
		b.end(t)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) task(ctx context.Context, s *streams, t *plan.Task, failed *set) error {
	if need := failed.anyOf(t.Needs); need >= 0 {
		return r.skip(t, r.plan.Tasks[need], failed)
	}
	if err := s.open(ctx, t.Kind != plan.SQL); err != nil {
		return fmt.Errorf("%s: %w", label(t), err)
	}
	if t.Kind == plan.SQL {
		return r.single(ctx, s.writer, t, failed)
	}
	return r.part(ctx, s, t, failed)
}
