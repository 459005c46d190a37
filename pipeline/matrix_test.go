package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pgsluice/pipeline"
)

// fault is one way in which a stage, standing between Reads and Writes, comes to its end.
type fault struct {
	name string
	fail runFunc
	want error // in the chain of Run's answer
}

var (
	errGiven = errors.New("the cause of a cancellation")
	faults   = []fault{
		{"error", func(context.Context, io.Reader, io.Writer) error { return errBoom }, errBoom},
		{"panic", func(context.Context, io.Reader, io.Writer) error { panic(errBoom) }, errBoom},
		{"EOF", func(context.Context, io.Reader, io.Writer) error { return io.EOF }, io.ErrUnexpectedEOF},
		{"Goexit", func(context.Context, io.Reader, io.Writer) error { runtime.Goexit(); return nil }, nil},
		{"abort", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			pipeline.Abort(ctx, errBoom)
			return nil
		}, errBoom},
		{"cancel", idle, errGiven},
	}
)

// The neighbours of the stage that fails, at the time it does.
const (
	starved = "all wait for bytes" // the source is silent, all others are blocked in Read
	jammed  = "left waits for room, right for bytes"
	full    = "all wait for room" // the last stage does not read, all others are blocked in Write
)

// trial is one cell of the matrix: 4 stages, of which bad has the fault.
type trial struct {
	fault
	neighbours string
	bad        int
}

func (c trial) run(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var alive atomic.Int32
	var saw [4]error // what a good stage returned

	stages := make([]pipeline.Stage, 4)
	for i := range stages {
		run := c.good(i)
		if i == c.bad {
			run = func(ctx context.Context, r io.Reader, w io.Writer) error {
				if c.neighbours == full {
					return c.failWhileWriting(ctx, w)
				}
				synctest.Wait() // all others are blocked
				if c.name == "cancel" {
					cancel(errGiven)
				}
				return c.fail(ctx, r, w)
			}
		}
		stages[i] = stage(fmt.Sprint("stage", i), func(ctx context.Context, r io.Reader, w io.Writer) error {
			alive.Add(1)
			defer alive.Add(-1)
			saw[i] = run(ctx, r, w)
			return saw[i]
		})
	}
	if c.neighbours == full && c.name == "cancel" {
		go func() {
			synctest.Wait()
			cancel(errGiven)
		}()
	}
	_, err := pipeline.Run(ctx, stages...)

	if n := alive.Load(); n != 0 {
		t.Errorf("%d stages are at work after Run", n)
	}
	if c.name == "cancel" {
		if err == nil || err.Error() != "cancelled: "+errGiven.Error() {
			t.Errorf("error %v, want one that says cancelled", err)
		}
	} else {
		failedAt(t, err, fmt.Sprint("stage", c.bad))
	}
	if c.want != nil && !errors.Is(err, c.want) {
		t.Errorf("error %v, want %v", err, c.want)
	}
	for i, echo := range saw {
		if i != c.bad && (echo == nil || !errors.Is(echo, err) && !errors.Is(echo, context.Cause(ctx))) {
			t.Errorf("stage %d ended with %v, want to hear of %v", i, echo, err)
		}
	}
}

// good is what stage i does in the place of the neighbours.
func (c trial) good(i int) runFunc {
	switch {
	case i == 0 && c.neighbours == starved, i == 3 && c.neighbours == full:
		return idle
	case i == 0:
		return pump(1000)
	case i == 3:
		return drain
	}
	return forward
}

// failWhileWriting is a stage whose fault comes from a callback while it is blocked in Write.
func (c trial) failWhileWriting(ctx context.Context, w io.Writer) error {
	if c.name == "abort" {
		go func() {
			synctest.Wait()
			pipeline.Abort(ctx, errBoom)
		}()
	}
	return pump(1000)(ctx, nil, w)
}

// possible says whether the cell exists: who is blocked in Write can only abort or be cancelled, and
// the last stage never writes.
func (c trial) possible() bool {
	return c.neighbours != full || c.bad < 3 && (c.name == "abort" || c.name == "cancel")
}

func TestMatrix(t *testing.T) {
	for _, neighbours := range []string{starved, jammed, full} {
		for _, f := range faults {
			for bad := range 4 {
				c := trial{f, neighbours, bad}
				if !c.possible() {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/stage %d", neighbours, f.name, bad), func(t *testing.T) {
					synctest.Test(t, c.run)
				})
			}
		}
	}
}

// The same faults at full flow, where the scheduler decides who is blocked in what.
func TestMatrixAtFullFlow(t *testing.T) {
	for _, f := range faults {
		for bad := range 4 {
			t.Run(fmt.Sprintf("%s/stage %d", f.name, bad), func(t *testing.T) {
				for chunks := range 8 {
					c := trial{fault: f, neighbours: jammed, bad: bad}
					c.runAtFullFlow(t, chunks)
				}
			})
		}
	}
}

func (c trial) runAtFullFlow(t *testing.T, chunks int) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var sawEnd atomic.Bool
	stages := make([]pipeline.Stage, 4)
	for i := range stages {
		run := c.good(i)
		if i == c.bad {
			run = func(ctx context.Context, r io.Reader, w io.Writer) error {
				for range chunks {
					if err := hand(i, r, w); err != nil {
						return err
					}
				}
				if c.name == "cancel" {
					cancel(errGiven)
				}
				return c.fail(ctx, r, w)
			}
		}
		stages[i] = stage(fmt.Sprint("stage", i), func(ctx context.Context, r io.Reader, w io.Writer) error {
			err := run(ctx, r, w)
			if i > 0 && i != c.bad && err == nil {
				sawEnd.Store(true)
			}
			return err
		})
	}
	_, err := pipeline.Run(ctx, stages...)
	if c.name == "cancel" {
		if err == nil || err.Error() != "cancelled: "+errGiven.Error() {
			t.Errorf("error %v, want one that says cancelled", err)
		}
	} else {
		failedAt(t, err, fmt.Sprint("stage", c.bad))
	}
	if sawEnd.Load() {
		t.Errorf("a stage read a clean end, Run said %v", err)
	}
}

// hand moves one chunk through stage i of 4.
func hand(i int, r io.Reader, w io.Writer) error {
	chunk := make([]byte, 4<<10)
	if i > 0 {
		if _, err := io.ReadFull(r, chunk); err != nil {
			return err
		}
	}
	if i < 3 {
		if _, err := w.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}
