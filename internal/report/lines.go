package report

import (
	"cmp"
	"context"
	"io"
	"time"

	"pgsluice/internal/progress"
)

// LineOptions say how a running transfer is followed. The zero value is the default.
type LineOptions struct {
	Every time.Duration // between two lines about a phase in work; default 10 s
	Width int           // columns to wrap at; default 0: never, for logs
	Tick  time.Duration // between two looks; default 200 ms: warnings appear at once for a human eye
	Grace time.Duration // how long stop waits for a blocked writer; default 1 s
}

func (o LineOptions) withDefaults() LineOptions {
	o.Every = cmp.Or(o.Every, 10*time.Second)
	o.Tick = cmp.Or(o.Tick, 200*time.Millisecond)
	o.Grace = cmp.Or(o.Grace, time.Second)
	return o
}

// Follow writes plain lines about t to w while it runs: when a phase starts and ends, steps,
// warnings and failures when they are first seen, and every so often a line about each phase in work.
//
// It has a goroutine of its own, which only reads snapshots: a writer that blocks delays later
// lines and nothing else, and when it goes on, what is then true is written, not what was missed. The
// lines end with ctx, with an error of w, or with stop, which the caller must call. stop writes what is
// new since the last look and waits until all is written; while w blocks it gives up after Grace, and
// the goroutine ends when w returns. stop may be called more than once.
func Follow(ctx context.Context, t *progress.Tracker, w io.Writer, o LineOptions) (stop func()) {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		follow(ctx, t, w, o)
	}()
	return func() {
		cancel()
		grace := time.NewTimer(o.Grace)
		defer grace.Stop()
		select {
		case <-done:
		case <-grace.C:
		}
	}
}

func follow(ctx context.Context, t *progress.Tracker, w io.Writer, o LineOptions) {
	tick := time.NewTicker(o.Tick)
	defer tick.Stop()
	n := narrator{width: o.Width}
	last := time.Now()
	for {
		// Asked before looking: what is new until stop is called must be seen by a last look.
		ended := ctx.Err() != nil
		s := t.Snapshot()
		text := n.news(s)
		if now := time.Now(); now.Sub(last) >= o.Every && !ended {
			last = now
			text += n.status(s)
		}
		if text != "" {
			if _, err := io.WriteString(w, text); err != nil {
				return
			}
		}
		if ended {
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
