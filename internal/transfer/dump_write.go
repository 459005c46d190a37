package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"pgsluice/internal/archive"
	"pgsluice/internal/ends"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// heldBytes is how much of later tables may be held, compressed, while the one before them is written.
const heldBytes = 32 << 20

// write writes the archive.
func (d *dump) write(ctx context.Context) error {
	defer d.watch(ctx)()
	d.keep(ctx, d.snapshot, keepEvery)
	d.Progress.Plan(tasks(&plan.Plan{Tasks: d.tasks}))
	out, err := d.create(ctx)
	if err != nil {
		return err
	}
	err = d.fill(ctx, out)
	if err == nil {
		d.Progress.Step("finishing " + out.Name())
		err = out.Commit()
	}
	if err != nil {
		out.Discard()
		return err
	}
	d.result.Path = d.opt.Path
	return nil
}

// create makes the output. Its errors are Refused: nothing was written.
func (d *dump) create(ctx context.Context) (*ends.Output, error) {
	out, err := ends.Create(ctx, d.opt.Path, d.opt.Format == DirectoryArchive, d.opt.To)
	if err != nil {
		return nil, &Refused{Err: fmt.Errorf("--output %w", err)}
	}
	return out, nil
}

// fill writes the archive to out.
func (d *dump) fill(ctx context.Context, out *ends.Output) error {
	to, segmenters, err := d.bind(out)
	if err != nil {
		return fmt.Errorf("%s: %w", out.Name(), err)
	}
	d.out, d.turnOf = newAssembly(to, d.toc, d.tasks)
	d.out.room, d.out.wrote = heldBytes, func(n int) { d.Progress.Wrote(int64(n)) }
	if d.opt.Format == PlainScript {
		d.out.wrote = func(int) {} // the script itself is counted
	}
	err = d.out.begin()
	if err == nil {
		err = d.read(ctx, segmenters)
	}
	if err == nil {
		d.snapshot.close(ctx) // all is read
		d.Progress.Release()
		if err = to.Close(); err != nil {
			err = &outputError{err}
		}
	}
	if wrote := (*outputError)(nil); errors.As(err, &wrote) {
		err = out.Explain(wrote.err)
	}
	return err
}

// bind makes what puts data blocks into out, and the compressors that go with it.
func (d *dump) bind(out *ends.Output) (binder, func() (*archive.Segmenter, error), error) {
	compression, format := d.toc.Header.Compression, archive.FormatCustom
	var to binder
	var err error
	switch d.opt.Format {
	case PlainScript:
		compression = archive.Compression{}
		to, err = d.newScript(out.Writer())
	case DirectoryArchive:
		format = archive.FormatDirectory
		to, err = archive.NewDirectoryWriter(out.Directory(), d.toc)
	default:
		to, err = archive.NewWriter(out.Writer(), d.toc)
	}
	return to, func() (*archive.Segmenter, error) { return archive.NewSegmenter(compression, format) }, err
}

// read reads all tasks, on Jobs readers or as many as Control says.
func (d *dump) read(ctx context.Context, segmenters func() (*archive.Segmenter, error)) error {
	gate := newTurnstile(d.Jobs)
	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, gate.wake)()
	readers := &crew{
		group: group, ctx: ctx, begins: d.Jobs,
		member: func(i int) *streams { return &streams{run: d.run, worker: fmt.Sprintf("read %d", i)} },
		open:   func(ctx context.Context, s *streams) error { return s.openReader(ctx) },
		work: func(s *streams) error {
			defer s.close(ctx)
			segmenter, err := segmenters()
			if err != nil {
				return err
			}
			return d.reader(ctx, s, gate, segmenter)
		},
		allow: func(n int) {
			gate.allow(n)
			d.counting.Lock()
			defer d.counting.Unlock()
			d.result.Jobs = max(d.result.Jobs, n)
		},
	}
	defer d.Control.attach(gate, readers, d.Jobs, func(err error) { d.warn("copy streams", err.Error()) })()
	group.Go(func() error { <-readers.over; return nil })
	return group.Wait()
}

// reader takes one task after the other, in the order of the archive.
func (d *dump) reader(ctx context.Context, s *streams, gate *turnstile, segmenter *archive.Segmenter) error {
	buf := make([]byte, 0, segmentBytes)
	for gate.enter(ctx) {
		next := int(d.next.Add(1)) - 1
		if next >= len(d.tasks) {
			gate.leave()
			return nil
		}
		t := d.tasks[next]
		err := d.task(ctx, s, t, newPacker(d.out, d.turnOf[t.ID], segmenter, buf))
		gate.leave()
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// task reads one part, again and again if connections are lost.
func (d *dump) task(ctx context.Context, s *streams, t *plan.Task, k *packer) error {
	running := d.Progress.Start(t.ID)
	trial := &trial{backoff: backoff{limit: d.RetryFor}}
	for {
		err := s.openReader(ctx)
		opened := err == nil
		var o outcome
		if opened {
			running.By(progress.Worker{Name: s.worker, SourcePID: s.reader.PID()})
			o, err = d.part(ctx, s, t, k, running)
		}
		if err == nil {
			err = d.out.end(ctx, &k.in)
		}
		if err == nil {
			running.Done(o.rows, o.stages)
			return nil
		}
		if written := (*outputError)(nil); errors.As(err, &written) {
			running.Interrupt(o.stages)
			return written
		}
		if ctx.Err() != nil {
			running.Interrupt(o.stages)
			return context.Cause(ctx)
		}
		if err = trial.again(ctx, d.run, t, running, err, opened); err == nil {
			running.Again()
			continue
		}
		if ctx.Err() != nil {
			running.Interrupt(o.stages)
			return context.Cause(ctx)
		}
		err = d.explain(ctx, t, d.nameLockers(ctx, err, []uint32{t.Relation}))
		running.Fail(err)
		return fmt.Errorf("%s: %w", label(t), err)
	}
}

// part reads one part once. What of it an earlier attempt has given is passed over.
func (d *dump) part(ctx context.Context, s *streams, t *plan.Task, k *packer, running *progress.Running) (outcome, error) {
	ctx, live := pipeline.Watch(ctx)
	running.Watch(func() []progress.StageTime { return k.stageTimes(live.Flow()) })
	ctx, stop := d.endStalls(ctx, running, func() bool { return !k.putting.Load() && d.watcher.waitsForClient(t.ID, sourceSide) })
	defer stop()
	var read atomic.Int64
	given := int64(0)
	flow, err := pipeline.Run(ctx, d.pipeOf(s, t, k, &tally{running: running, rows: &read, ofTable: t.Kind == plan.Rows}, &given)...)
	if err == nil && t.Kind == plan.Rows && read.Load() != given {
		err = fmt.Errorf("the source sent %d rows, but %d came", read.Load(), given)
	}
	if err == nil && t.Kind == plan.Rows {
		err = checkStorage(ctx, s.reader, t)
	}
	return outcome{rows: read.Load(), stages: k.stageTimes(flow)}, explainEOF(s, err)
}

// pipeOf declares what the bytes of a part run through.
func (d *dump) pipeOf(s *streams, t *plan.Task, k *packer, count *tally, given *int64) []pipeline.Stage {
	if t.Kind == plan.LargeObjects {
		return []pipeline.Stage{stages.LargeObjectsOut(s.reader, t.OIDs, count.rows), stages.Meter(count), stages.Throttle(d.Limiter), k.objects(compressStage)}
	}
	return []pipeline.Stage{stages.CopyOut(s.reader, t.Out(), count.rows), stages.Meter(count), stages.Throttle(d.Limiter), k.rows(compressStage, given)}
}

const (
	compressStage = "compress"
	outputStage   = "output"
)
