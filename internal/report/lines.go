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
	Grace time.Duration // how long stop waits for a blocked writer; default 1 s
}

func (o LineOptions) withDefaults() LineOptions {
	o.Every = cmp.Or(o.Every, 10*time.Second)
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	return o
}

// defaultGrace is long enough for a terminal or a disk that is only busy.
const defaultGrace = time.Second

// earlyTick is how much too early a tick may come to be taken for the one that is due: else one that is early by a
// microsecond would put the next line off by a whole tick.
const earlyTick = progress.Tick / 2

// Follow writes plain lines about a transfer to w while it runs: when a phase starts and ends, steps,
// warnings, failures, locks that are waited for and standstills when they are first seen, and every so often a line
// about each phase in work.
//
// It has a goroutine of its own, which only reads snapshots: a writer that blocks delays later
// lines and nothing else, and when it goes on, what is then true is written, not what was missed. The
// lines end with the feed, with ctx, with an error of w, or with stop, which the caller must call. Whatever ends them
// but an error, what is new since the last look is written before. stop waits until all is written; while w blocks it
// gives up after Grace, and the goroutine ends when w returns. stop may be called more than once.
func Follow(ctx context.Context, feed *progress.Feed, w io.Writer, o LineOptions) (stop func()) {
	o = o.withDefaults()
	n := narrator{width: o.Width}
	last := time.Now()
	return subscribe(ctx, feed, o.Grace, func(s progress.Snapshot, ended bool) error {
		text := n.news(s)
		if now := time.Now(); now.Sub(last) >= o.Every-earlyTick && !ended {
			last = now
			text += n.status(s)
		}
		if text == "" {
			return nil
		}
		_, err := io.WriteString(w, text)
		return err
	})
}

// subscribe calls see with one snapshot after another, from a goroutine of its own, until ctx, the feed, stop or an
// error of see's ends it. Of a last call, ended is true, and its snapshot was taken after the end began.
func subscribe(ctx context.Context, feed *progress.Feed, grace time.Duration, see func(s progress.Snapshot, ended bool) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	snapshots, unsubscribe := feed.Subscribe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer unsubscribe()
		for {
			select {
			case <-ctx.Done():
			case s, more := <-snapshots:
				if more && ctx.Err() == nil {
					if see(s, false) != nil {
						return
					}
					continue
				}
			}
			_ = see(feed.Snapshot(), true)
			return
		}
	}()
	return func() {
		cancel()
		wait := time.NewTimer(grace)
		defer wait.Stop()
		select {
		case <-done:
		case <-wait.C:
		}
	}
}
