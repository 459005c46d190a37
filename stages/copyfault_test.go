package stages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

func TestCopyBackendTerminated(t *testing.T) {
	for _, after := range []int64{1000, 200_000, 10_000_000} {
		t.Run(fmt.Sprintf("source at %d", after), func(t *testing.T) {
			fault := &pgtest.Fault{Direction: pgtest.Read, After: after}
			c := newCopyTest(t, fault, nil)
			fault.Action = terminate(c.url, &c.src)
			err := run(t.Context(), t, stages.CopyOut(c.src, bigSource, nil), stages.CopyIn(c.dst, fromTarget, nil))
			c.failed(t, err, "copy-out", "")
		})
		t.Run(fmt.Sprintf("target at %d", after), func(t *testing.T) {
			fault := &pgtest.Fault{Direction: pgtest.Write, After: after}
			c := newCopyTest(t, nil, fault)
			fault.Action = terminate(c.url, &c.dst)
			err := run(t.Context(), t, stages.CopyOut(c.src, bigSource, nil), stages.CopyIn(c.dst, fromTarget, nil))
			c.failed(t, err, "copy-in", "")
		})
	}
}

// The target dies while the stage waits for input: pgx returns with its goroutine
// still inside Read.
func TestCopyInLeavesItsReader(t *testing.T) {
	c := newCopyTest(t, nil, nil)
	in := stages.CopyIn(c.dst, fromTarget, nil)
	var r *watchedReader
	watched := pipeline.Stage{Name: in.Name, Run: func(ctx context.Context, pipe io.Reader, w io.Writer) error {
		r = &watchedReader{r: pipe}
		err := in.Run(ctx, r, w)
		if begun, ended := r.begun.Load(), r.ended.Swap(-1); begun != ended {
			t.Errorf("%d reads begun, %d ended when the stage returned", begun, ended)
		}
		return err
	}}
	err := run(t.Context(), t, rowsThenBlock(10, false, func() error {
		return pgtest.Run(context.Background(), c.url, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.dst.PID()))
	}), watched)
	c.failed(t, err, "copy-in", "57P01")
	if got := r.ended.Load(); got != -1 {
		t.Error("a read ended after the stage had returned")
	}
}

// watchedReader counts the reads that begin and end.
type watchedReader struct {
	r            io.Reader
	begun, ended atomic.Int64
}

func (w *watchedReader) Read(p []byte) (int, error) {
	w.begun.Add(1)
	defer w.ended.Add(1)
	return w.r.Read(p)
}

func TestCopyConnectionReset(t *testing.T) {
	for _, after := range []int64{1000, 200_000, 10_000_000} {
		t.Run(fmt.Sprintf("source at %d", after), func(t *testing.T) {
			c := newCopyTest(t, &pgtest.Fault{Direction: pgtest.Read, After: after, Action: pgtest.Reset()}, nil)
			err := run(t.Context(), t, stages.CopyOut(c.src, bigSource, nil), stages.CopyIn(c.dst, fromTarget, nil))
			c.failed(t, err, "copy-out", "")
		})
		t.Run(fmt.Sprintf("target at %d", after), func(t *testing.T) {
			c := newCopyTest(t, nil, &pgtest.Fault{Direction: pgtest.Write, After: after, Action: pgtest.Reset()})
			err := run(t.Context(), t, stages.CopyOut(c.src, bigSource, nil), stages.CopyIn(c.dst, fromTarget, nil))
			c.failed(t, err, "copy-in", "")
		})
	}
}

func TestCopyCancelled(t *testing.T) {
	cause := errors.New("changed my mind")
	for _, after := range []int64{1, 200_000, 10_000_000} {
		c := newCopyTest(t, nil, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		var counter stages.Counter
		err := run(ctx, t,
			stages.CopyOut(c.src, bigSource, nil),
			stages.Meter(&counter),
			pipeline.Stage{Name: "cancel", Tap: func(context.Context, []byte) error {
				if counter.Load() >= after {
					cancel(cause)
				}
				return nil
			}},
			stages.CopyIn(c.dst, fromTarget, nil))
		if !errors.Is(err, cause) {
			t.Errorf("got %v, want %v", err, cause)
		}
		if got := c.rows(t); got != 0 {
			t.Errorf("%d rows were committed", got)
		}
	}
}

// Outside a pipeline nobody else would put the cause in place of pgx's words.
func TestCopyReturnsTheCauseOfItsContext(t *testing.T) {
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := newCopyTest(t, nil, nil)
	cancel(cause)
	if err := stages.CopyOut(c.src, bigSource, nil).Run(ctx, strings.NewReader(""), io.Discard); err != cause {
		t.Errorf("copy-out: %v", err)
	}
	if err := stages.CopyIn(c.dst, fromTarget, nil).Run(ctx, strings.NewReader("1\tx\n"), io.Discard); err != cause {
		t.Errorf("copy-in: %v", err)
	}
	if got := c.rows(t); got != 0 {
		t.Errorf("%d rows were committed", got)
	}
}

// A target that stops reading holds the source back, and a cancellation ends both.
func TestCopyCancelledWhileTargetStalls(t *testing.T) {
	cause := errors.New("waited long enough")
	fault := &pgtest.Fault{Direction: pgtest.Write, After: 1_000_000, Action: pgtest.Stall()}
	c := newCopyTest(t, nil, fault)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-fault.Fired()
		cancel(cause)
	}()
	err := run(ctx, t, stages.CopyOut(c.src, bigSource, nil), stages.CopyIn(c.dst, fromTarget, nil))
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
	if got := c.rows(t); got != 0 {
		t.Errorf("%d rows were committed", got)
	}
}
