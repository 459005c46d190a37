package pipeline

import (
	"context"
	"sync/atomic"
)

// Live shows the Flow of a pipeline while it runs. Its methods may be called from any goroutine at any
// time; they read a few counters and never hold the pipeline up.
type Live struct {
	line atomic.Pointer[line]
}

// liveKey carries the *Live from Watch to Run.
type liveKey struct{}

// Watch returns a context for Run and the Live that will show that Run. A Live shows one pipeline at a
// time: when the context is used again, say for a second attempt, it shows the newest Run.
// Pipelines that a stage runs inside itself are not shown.
func Watch(ctx context.Context) (context.Context, *Live) {
	v := new(Live)
	return context.WithValue(ctx, liveKey{}, v), v
}

// Flow returns what has been measured up to now, including the waits that still go on. It does not stop
// the clocks to read them: the times of a running pipeline may be off by as long as the reading takes.
// Before Run has started it is the zero Flow, after Run the Flow that Run returned.
func (v *Live) Flow() Flow {
	if l := v.line.Load(); l != nil {
		return l.flow()
	}
	return Flow{}
}

// watched takes the Live, if any, out of ctx: stages must not see it, since they may run pipelines
// of their own.
func watched(ctx context.Context) (context.Context, *Live) {
	v, _ := ctx.Value(liveKey{}).(*Live)
	if v == nil {
		return ctx, nil
	}
	return context.WithValue(ctx, liveKey{}, (*Live)(nil)), v
}

// stopwatch sums up spans of time and can be read in the middle of one. Spans must not overlap.
// During a span the sum is negative: the sum so far minus the start. One word says both, so a
// reader never sees half of a change. Times are those of line.now: positive, so that the sum so far
// is always less than the next start.
type stopwatch struct{ ns atomic.Int64 }

func (s *stopwatch) start(now int64) { s.ns.Add(-now) }

func (s *stopwatch) stop(now int64) { s.ns.Add(now) }
