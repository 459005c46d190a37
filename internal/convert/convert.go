package convert

import (
	"context"
	"errors"
	"fmt"

	"pgsluice/internal/archive"
	"pgsluice/internal/ends"
	"pgsluice/internal/progress"
)

// conversion is one in work.
type conversion struct {
	opt    Options
	result Result
	ids    map[int]int // of an entry's task in Progress, by dump id
}

// Run converts one archive, and returns when what came of it is there under its name, or has been written to the stream. Before
// anything was written the error is a *Refused; that of a cancelled ctx is its cause. The result is never nil.
func Run(ctx context.Context, opt Options) (*Result, error) {
	c := &conversion{opt: opt.withDefaults()}
	defer c.opt.Progress.Finish()
	err := c.run(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &c.result, err
}

func (c *conversion) run(ctx context.Context) (err error) {
	if err := c.opt.check(); err != nil {
		return &Refused{err}
	}
	c.opt.Progress.Step("reading the table of contents")
	in, err := open(ctx, &c.opt)
	if err != nil {
		return &Refused{err}
	}
	defer func() {
		if closing := in.close(); err == nil && closing != nil {
			err = fmt.Errorf("%s: %w", in.name(), closing)
		}
	}()
	toc, err := c.choose(in.toc())
	if err != nil {
		return &Refused{err}
	}
	c.result.From = in.toc().Header
	out, err := ends.Create(ctx, c.opt.Output, c.opt.Format == Directory, c.opt.To)
	if err != nil {
		return &Refused{err}
	}
	defer out.Discard()
	s, order, err := newSink(out, &c.opt, in.toc(), toc)
	if err != nil {
		return out.Explain(err)
	}
	c.plan(in.toc(), order)
	in.begin(order)
	if err := c.move(ctx, in, out, s); err != nil {
		return err
	}
	if c.opt.Format != Plain {
		c.result.To = toc.Header
	}
	c.result.Entries, c.result.Blocks = len(toc.Entries), len(order)
	c.opt.Progress.Step("finishing " + out.Name())
	if err := out.Commit(); err != nil {
		return err
	}
	c.result.Written = c.opt.Output
	return nil
}

// plan tells Progress what there is to do: a task for each entry with data.
func (c *conversion) plan(toc *archive.TOC, order []int) {
	c.ids = make(map[int]int, len(order))
	tasks := make([]progress.Task, len(order))
	for i, id := range order {
		e := toc.ByID(id)
		c.ids[id] = i
		tasks[i] = progress.Task{ID: i, Phase: progress.Data, Kind: e.Desc, Name: displayName(e)}
	}
	c.opt.Progress.Plan(tasks)
}

func displayName(e *archive.Entry) string {
	switch {
	case e.Desc == "BLOBS":
		return "large objects"
	case e.Namespace == "":
		return e.Tag
	}
	return e.Namespace + "." + e.Tag
}

// outputError is an error of what is written, as opposed to what is read.
type outputError struct{ err error }

func (e *outputError) Error() string { return e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// move passes all data on.
func (c *conversion) move(ctx context.Context, in source, out *ends.Output, s sink) error {
	l := &line{sink: s, jobs: c.opt.Jobs, wrote: c.opt.Progress.Wrote}
	err := l.run(ctx, func(ctx context.Context) error { return c.read(ctx, in, l) })
	if err == nil {
		if err = s.Close(); err != nil {
			err = &outputError{err}
		}
	}
	if writing := (*outputError)(nil); errors.As(err, &writing) {
		return out.Explain(writing.err)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", in.name(), err)
	}
	return err
}
