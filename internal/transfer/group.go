package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// group copies small tables through one pipe, in one transaction on the target.
func (r *run) group(ctx context.Context, s *streams, tasks []*plan.Task, running *progress.Running) ([]progress.Share, []progress.StageTime, error) {
	ctx, live := pipeline.Watch(ctx)
	running.Watch(func() []progress.StageTime { return stageTimes(live.Flow()) })
	ctx, stop := r.endStalls(ctx, running, func() bool { return r.origin.still(tasks[0]) })
	defer stop()
	counts, flow, err := r.copyGroup(ctx, s, tasks, running)
	shares := make([]progress.Share, len(counts))
	for i, c := range counts {
		shares[i] = progress.Share{ID: tasks[i].ID, Rows: c.Rows, Bytes: c.Bytes}
	}
	return shares, stageTimes(flow), err
}

// copyGroup is copyPart for many tables: all of their keys first, and their rows whole or not at all.
func (r *run) copyGroup(ctx context.Context, s *streams, tasks []*plan.Task, running *progress.Running) ([]ledger.Counts, pipeline.Flow, error) {
	dst, many := s.writer.conn, r.records(tasks)
	if err := many.Begin(ctx, dst, ""); err != nil {
		rollback(ctx, dst)
		return nil, pipeline.Flow{}, fmt.Errorf("copy-in: %w", err)
	}
	in := make([]string, len(tasks))
	for i, t := range tasks {
		in[i] = t.In()
	}
	read, written := make([]stages.Copied, len(tasks)), make([]int64, len(tasks))
	flow, err := pipeline.Run(ctx,
		r.origin.group(s, tasks, read, moved{running}),
		stages.Throttle(r.Limiter),
		stages.GroupIn(dst, in, written))
	counts := make([]ledger.Counts, len(tasks))
	for i := range tasks {
		counts[i] = ledger.Counts(read[i])
		if err == nil && read[i].Rows != written[i] {
			err = fmt.Errorf("table %s: the source sent %d rows, but the target took %d", tasks[i].Name, read[i].Rows, written[i])
		}
	}
	if err == nil {
		err = r.origin.check(ctx, s, tasks)
	}
	if err != nil {
		rollback(ctx, dst)
		return nil, flow, r.origin.failed(s, tasks, err)
	}
	if err := many.Commit(ctx, dst, counts); err != nil {
		return nil, flow, fmt.Errorf("copy-in: COMMIT: %w", err)
	}
	return counts, flow, nil
}

// checkGroup is checkStorage for many.
func checkGroup(ctx context.Context, reader *pgconn.PgConn, tasks []*plan.Task) error {
	var oids []uint32
	var names []string
	for _, t := range tasks {
		oids, names = append(oids, t.Relation), append(names, archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag))
	}
	rewritten, err := catalog.Rewritten(ctx, reader, oids, names)
	switch {
	case err != nil:
		return fmt.Errorf("copy-out: %w", err)
	case len(rewritten) > 0:
		return errors.New("copy-out: " + strings.Join(slices.Clip(rewritten), ", ") + " changed") // alone, each says more
	}
	return nil
}

// moved counts the bytes of all tables of a group for the task that stands for them.
type moved struct{ running *progress.Running }

func (m moved) Add(n int) { m.running.AddBytes(int64(n)) }
