package pipeline

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Run joins the stages left to right, runs them and returns when all of them have ended. The Flow says
// what moved and who waited, also when Run fails.
//
// The error is an [*Error] that names the stage or tap that failed first, or, if ctx was cancelled
// first, the context.Cause of ctx with "cancelled: " before it. A mistake in the argument list (a
// stage without a name, with both Run and Tap or with neither, a tap before the first or after the
// last Run stage) is returned before anything starts. Without any stage Run returns at once.
func Run(ctx context.Context, stages ...Stage) (Flow, error) {
	stages, err := arrange(stages)
	if err != nil {
		return Flow{}, err
	}
	if ctx.Err() != nil {
		return Flow{}, cancelled(ctx)
	}

	l := newLine(ctx, stages)
	gone := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(gone)
		l.fail(nil, nil, nil)
	})

	var all sync.WaitGroup
	for _, n := range l.nodes {
		if n.stage.Run != nil {
			all.Go(func() { l.work(n) })
		}
	}
	all.Wait()
	l.ended.Store(l.now())
	err = l.cause(nil) // read before a late cancellation can be recorded: by now all have ended well

	if !stop() {
		<-gone
	}
	for _, n := range l.nodes {
		n.cancel(nil)
	}
	return l.flow(), err
}

// line is one pipeline at work.
type line struct {
	ctx   context.Context // as given to Run
	nodes []*node         // stages and taps in the order of the argument list
	began time.Time
	ended atomic.Int64 // by now(); 0 while running
	first atomic.Pointer[error]
}

// node is one stage or tap at work.
type node struct {
	line   *line
	stage  Stage
	ctx    context.Context
	cancel context.CancelCauseFunc
	in     *input  // nil for a tap
	out    *output // nil for a tap

	ended             atomic.Int64 // when Run returned, by now(); 0 while running
	bytesIn, bytesOut atomic.Int64
	waitIn, waitOut   stopwatch
	tapping           stopwatch // time inside Tap
}

// nodeKey carries the *node in the context of a stage, for Abort.
type nodeKey struct{}

// newLine builds nodes and links. Nothing runs yet.
func newLine(ctx context.Context, stages []Stage) *line {
	l := &line{ctx: ctx, began: time.Now()}
	stageCtx, live := watched(ctx)
	var left *node // the Run stage before, whose output is being furnished
	for _, s := range stages {
		n := &node{line: l, stage: s}
		n.ctx, n.cancel = context.WithCancelCause(context.WithValue(stageCtx, nodeKey{}, n))
		l.nodes = append(l.nodes, n)
		if s.Tap != nil {
			left.out.taps = append(left.out.taps, n)
			continue
		}
		n.in, n.out = &input{node: n}, &output{node: n}
		if left != nil {
			n.in.pipe, left.out.pipe = io.Pipe()
		}
		left = n
	}
	if live != nil {
		live.line.Store(l) // not before l is complete: an observer may be looking
	}
	return l
}

// now is the time since the start plus 1, in nanoseconds: it is never 0.
func (l *line) now() int64 { return int64(time.Since(l.began)) + 1 }

// work runs one stage in its own goroutine, whatever way it ends.
func (l *line) work(n *node) {
	guard(
		func() error { return n.stage.Run(n.ctx, n.in, n.out) },
		func(err error, stack []byte) {
			n.ended.Store(l.now())
			if err == nil {
				err = l.checkEnd(n)
			}
			if err != nil {
				l.fail(n, err, stack)
			}
			n.in.shut()
			n.out.shut()
			if err == nil {
				n.out.end()
			}
		},
	)
}

// checkEnd says whether a nil return of n may end the stream. It waits for the end of the input.
func (l *line) checkEnd(n *node) error {
	if l.ctx.Err() != nil {
		return cancelled(l.ctx)
	}
	inQuiet, outQuiet := n.in.tryShut(), n.out.tryShut()
	if !inQuiet || !outQuiet {
		return errInFlight
	}
	return n.in.probe()
}

// fail is law 5. The first call records the answer, then stops everyone; later calls do nothing.
// by is nil when the pipeline was cancelled. The context of by is left alone: a stage that aborted
// still has its own work to wind up.
func (l *line) fail(by *node, err error, stack []byte) {
	var answer error
	if l.ctx.Err() != nil {
		answer = cancelled(l.ctx) // what a stage says about its cancelled context is an echo, too
	} else {
		answer = &Error{Stage: by.stage.Name, Err: notEOF(err), Stack: stack}
	}
	if !l.first.CompareAndSwap(nil, &answer) {
		return
	}
	for _, n := range l.nodes {
		if n != by {
			n.cancel(answer)
		}
	}
	for _, n := range l.nodes {
		if n.in != nil {
			n.in.sever(answer)
		}
	}
}

// cause returns the recorded failure, or err while there is none.
func (l *line) cause(err error) error {
	if first := l.first.Load(); first != nil {
		return *first
	}
	return err
}
