package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// streamOrigin is an archive whose blocks come in the order of the stream, once.
//
// One goroutine, the feeder, reads them for the whole transfer. Each block that is wanted goes through a buffer to the copier that takes its task,
// which the board gives out as soon as the block has begun to come; a block that nobody wants is left out. All buffers have one bound
// together, so that small tables are read ahead while a large one still loads. An earlier block never waits for a later one.
type streamOrigin struct {
	archived
	reader *archive.Reader
	intake *intake
	ctx    context.Context // of the transfer
	begun  bool            // the feeder has
	over   chan struct{}   // it has ended
	err    error           // of the feeder, once it has ended
}

func newStreamOrigin(a archived) *streamOrigin {
	return &streamOrigin{archived: a, intake: newIntake(a.opt.Memory), over: make(chan struct{})}
}

// errGone says that rows can't be read a second time.
var errGone = errors.New("its rows came through a pipe and are no longer in memory: they can't be sent again, as they can from a file")

func (o *streamOrigin) preflight(ctx context.Context) error {
	return o.preflightWith(ctx, func() error {
		if o.reader != nil {
			return nil
		}
		o.reader = archive.NewReader(o.opt.Input, archive.Limits{})
		o.Progress.Step("waiting for the archive's table of contents on stdin")
		toc, err := o.reader.ReadTOC()
		if err != nil {
			return err
		}
		return o.know(toc, nil, archiveName(""))
	})
}

// begin fixes the number of copiers: it is the stream that their rate depends on.
func (o *streamOrigin) begin(ctx context.Context) { o.ctx, o.auto = ctx, false }

func (o *streamOrigin) attach(b *board) {
	var absent []*plan.Task
	o.intake.mu.Lock()
	defer o.intake.mu.Unlock()
	o.intake.board = b
	for _, t := range o.plan.Tasks {
		if t.Kind != plan.SQL && !o.settled(t) && o.intake.blocks[t.ID] == nil {
			absent = append(absent, t)
		}
	}
	b.withhold(absent)
}

// feed returns when all has been read and is on its way, or the pass ends.
func (o *streamOrigin) feed(ctx context.Context) error {
	if !o.begun {
		o.begun = true
		go func() {
			defer close(o.over)
			o.err = o.feedAll(o.ctx)
		}()
	}
	select {
	case <-ctx.Done():
		return nil // who ended it has said why
	case <-o.over:
		return o.err
	}
}

// feedAll is the feeder.
func (o *streamOrigin) feedAll(ctx context.Context) error {
	defer context.AfterFunc(ctx, o.intake.wake)()
	tasks := map[int]*plan.Task{}
	for _, t := range o.plan.Tasks {
		if t.Kind != plan.SQL {
			tasks[t.Entry.DumpID] = t
		}
	}
	for {
		data, err := o.reader.Next()
		switch {
		case err == io.EOF: //nolint:errorlint // a wrapped one is no clean end
			return nil
		case err != nil:
			return o.streamError(tasks, err)
		}
		t := tasks[data.Entry().DumpID]
		if t == nil || o.settled(t) {
			continue
		}
		delete(tasks, data.Entry().DumpID)
		if err := o.feedBlock(ctx, t, data); err != nil {
			return err
		}
	}
}

// streamError is an error between blocks, or in one that is left out. Behind the last block that is wanted it is only told.
func (o *streamOrigin) streamError(tasks map[int]*plan.Task, err error) error {
	for _, t := range o.plan.Tasks {
		if tasks[t.Entry.DumpID] == t && !o.settled(t) {
			return &archiveError{fmt.Errorf("stdin: %w", err)}
		}
	}
	o.warn("stdin", "all that is wanted has been read, but the archive does not end as it should: "+err.Error())
	return nil
}

// feedBlock passes one block on. An error of the archive ends the transfer, whoever reads the block.
func (o *streamOrigin) feedBlock(ctx context.Context, t *plan.Task, data *archive.Data) error {
	if t := o.outOfOrder(t); t != nil {
		return &archiveError{fmt.Errorf("stdin: the data of %s comes before that of %s, which it needs: restore it from a file", data.Entry().Tag, label(t))}
	}
	b := o.intake.begin(ctx, t)
	var err error
	if t.Kind == plan.LargeObjects {
		b.objects, err = stages.WriteObjects(ctx, b, objectsOf(data, t), wanted(t))
	} else {
		err = b.readFrom(archiveReader{data})
	}
	switch {
	case errors.Is(err, errUnwanted):
		return nil
	case err == nil:
		err = b.finish()
	}
	if err != nil {
		b.fail(err)
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", label(t), err)
		}
	}
	return err
}

// outOfOrder is a task whose rows must have arrived before those of t, and have not begun to come; nil if there is none.
func (o *streamOrigin) outOfOrder(t *plan.Task) *plan.Task {
	for _, id := range t.Needs {
		need := o.plan.Tasks[id]
		if need.Kind != plan.SQL && !o.settled(need) && o.intake.block(need) == nil {
			return need
		}
	}
	return nil
}

func (o *streamOrigin) read(_ *streams, t *plan.Task, rows *atomic.Int64) pipeline.Stage {
	b := o.intake.block(t)
	if t.Kind == plan.LargeObjects {
		return stages.ArchiveFrames(b.open, func() { rows.Store(b.objects) })
	}
	return stages.ArchiveRows(b.open, rows)
}

// shares is as many as there are copiers: while one block comes, the others have little to do.
func (o *streamOrigin) shares(ctx context.Context, t *plan.Task) int {
	if b := o.intake.block(t); o.beginJobs == 1 || b == nil || !b.sizeAtLeast(ctx, sharedFrom) {
		return 1
	}
	return o.beginJobs
}

func (o *streamOrigin) readShares(_ context.Context, t *plan.Task, rows []*atomic.Int64) (first []pipeline.Stage, end func(), err error) {
	first, err = o.intake.block(t).stages(rows)
	return first, func() {}, err
}

func (o *streamOrigin) group(_ *streams, tasks []*plan.Task, read []stages.Copied, tally stages.Tally) pipeline.Stage {
	return stages.ArchiveGroup(func(ctx context.Context, i int) (io.ReadCloser, error) { return o.intake.block(tasks[i]).open(ctx) }, read, tally)
}

// failed makes an error final after which the rows can't be sent again.
func (o *streamOrigin) failed(_ *streams, tasks []*plan.Task, err error) error {
	for _, t := range tasks {
		if b := o.intake.block(t); Retryable(err) && (b == nil || !b.rewind()) {
			return fmt.Errorf("%w; %w", err, errGone)
		}
	}
	return err
}

func (o *streamOrigin) ended(tasks []*plan.Task) {
	for _, t := range tasks {
		if o.settled(t) {
			o.intake.drop(t)
		}
	}
}

func (o *streamOrigin) reread(tasks []*plan.Task) error {
	if len(tasks) > 0 {
		return fmt.Errorf("%s: %w", label(tasks[0]), errGone)
	}
	return nil
}

// still is false while the stream has nothing for the task: it may come slowly.
func (o *streamOrigin) still(t *plan.Task) bool {
	b := o.intake.block(t)
	return b != nil && !b.starves() && o.watcher.waitsForClient(t.ID, targetSide)
}

// release has nothing to let go. What still comes is read to its end, so that the writer ends well.
func (o *streamOrigin) release(context.Context) error {
	select {
	case <-o.over:
	default:
		o.Progress.Step("waiting for the end of stdin")
	}
	return nil
}

func (o *streamOrigin) released() bool { return false }

// close ends the feeder, which may be reading from a stream that nobody writes to.
func (o *streamOrigin) close() {
	if !o.begun {
		return
	}
	if in, ok := o.opt.Input.(interface{ SetReadDeadline(time.Time) error }); ok && in.SetReadDeadline(time.Unix(1, 0)) == nil {
		<-o.over
	}
}
