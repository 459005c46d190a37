package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// origin is where the rows of a transfer come from: a live database, or an archive. All else of a transfer, its plan, board,
// ledger and retries, does not know which.
type origin interface {
	// preflight refuses what can't work, as far as that can be known without a plan. It sets the facts of both sides.
	preflight(ctx context.Context) error
	// open gives the table of contents, and what a plan needs to know besides. It may be called again.
	open(ctx context.Context) (*archive.TOC, *catalog.Source, error)
	// same refuses an origin that is another than the one that the ledger knows.
	same(former *ledger.State) error
	// begin is called once the target is about to be changed.
	begin(ctx context.Context)
	// ready makes s able to read, also after what it read with broke.
	ready(ctx context.Context, s *streams) error
	// read is the first stage of a part's pipe, and group that of several small tables; see stages.CopyOut and stages.GroupOut.
	read(s *streams, t *plan.Task, rows *atomic.Int64) pipeline.Stage
	group(s *streams, tasks []*plan.Task, read []stages.Copied, tally stages.Tally) pipeline.Stage
	// shares is over how many connections a table may be loaded, by its size, and readShares gives the first stage of the pipe of each, with
	// what ends the reading, which is to be called when all pipes have ended.
	shares(ctx context.Context, t *plan.Task) int
	readShares(ctx context.Context, t *plan.Task, rows []*atomic.Int64) (first []pipeline.Stage, end func(), err error)
	// check makes sure, when all rows of the tasks are read, that they were what they should be.
	check(ctx context.Context, s *streams, tasks []*plan.Task) error
	// failed gives the error of an attempt in which the tasks were read: one that can't be read again is not retryable.
	failed(s *streams, tasks []*plan.Task, err error) error
	// ended is told that tasks have ended, well or not, and will not be read any more in this pass.
	ended(tasks []*plan.Task)
	// attach is called with the board of each pass before it gives out a task: it is the origin's to withhold those whose rows are
	// not there yet. feed then runs beside the workers; its error ends the pass.
	attach(b *board)
	feed(ctx context.Context) error
	// still reports whether all who could move the task's bytes were last seen waiting for us.
	still(t *plan.Task) bool
	// release lets the origin go: all that is wanted of it has been read, and is safe. released reports whether that is so.
	release(ctx context.Context) error
	released() bool
	// reread fails if the rows of tasks that were done, and have been lost, can't be read once more.
	reread(tasks []*plan.Task) error
	// close ends what still goes on; it is called once, at the end.
	close()
}

// fromArchive reports whether the origin is an archive, whose table of contents has been read.
func (r *run) fromArchive() bool { return r.wanted != nil }

// live is a database as the origin, read under one snapshot.
type live struct{ *run }

func (l live) begin(ctx context.Context) { l.keep(ctx, l.snapshot, keepEvery) }

func (l live) ready(ctx context.Context, s *streams) error { return s.openReader(ctx) }

func (l live) read(s *streams, t *plan.Task, rows *atomic.Int64) pipeline.Stage {
	if t.Kind == plan.LargeObjects {
		return stages.LargeObjectsOut(s.reader, t.OIDs, rows)
	}
	return stages.CopyOut(s.reader, t.Out(), rows)
}

// shares is one: large tables of a live source are parted in the plan.
func (l live) shares(context.Context, *plan.Task) int { return 1 }

func (l live) readShares(context.Context, *plan.Task, []*atomic.Int64) ([]pipeline.Stage, func(), error) {
	return nil, nil, errors.New("a live source has no shares")
}

func (l live) group(s *streams, tasks []*plan.Task, read []stages.Copied, tally stages.Tally) pipeline.Stage {
	out := make([]string, len(tasks))
	for i, t := range tasks {
		out[i] = t.Out()
	}
	return stages.GroupOut(s.reader, out, read, tally)
}

func (l live) check(ctx context.Context, s *streams, tasks []*plan.Task) error {
	switch {
	case len(tasks) > 1:
		return checkGroup(ctx, s.reader, tasks)
	case tasks[0].Kind == plan.Rows:
		return checkStorage(ctx, s.reader, tasks[0])
	}
	return nil
}

func (l live) failed(s *streams, _ []*plan.Task, err error) error { return explainEOF(s, err) }

func (l live) ended([]*plan.Task) {}

func (l live) attach(*board) {}

func (l live) feed(context.Context) error { return nil }

// waits is what the watcher hears from the server, and its own affair.
func (l live) still(t *plan.Task) bool {
	return l.watcher.waitsForClient(t.ID, sourceSide) && l.watcher.waitsForClient(t.ID, targetSide)
}

// release lets the source go: while indexes are built it is free for TRUNCATE, ALTER and VACUUM.
func (l live) release(ctx context.Context) error {
	if err := l.verifySource(ctx); err != nil {
		return err
	}
	l.snapshot.close(ctx)
	l.Progress.Release()
	return nil
}

func (l live) released() bool { return l.snapshot.released() }

func (l live) reread(tasks []*plan.Task) error {
	if len(tasks) > 0 && l.released() {
		return fmt.Errorf("%s: its rows were lost in the crash of the target, and the source's snapshot is released already", label(tasks[0]))
	}
	return nil
}

func (l live) close() {}

func (l live) same(*ledger.State) error { return l.sameSource() }
