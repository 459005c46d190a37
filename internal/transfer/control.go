package transfer

import (
	"context"
	"fmt"
	"sync"

	"pgsluice/internal/progress"
)

// MostStreams is the most that SetJobs takes: each has a backend and its memory on both sides.
const MostStreams = 64

// Control changes a transfer while it runs. Who makes one gives it to one transfer, in its Options, and may call its methods from any
// goroutine before, while and after that runs. The zero value changes nothing.
type Control struct {
	mu      sync.Mutex
	going   chan struct{} // closed by Resume; nil while it is not paused
	jobs    int           // asked for; 0 is none
	limiter *Limiter      // nil before it begins
	tracker *progress.Tracker
	source  giver // of what is given out; nil between passes

	changing sync.Mutex // held while streams are added
	crew     *crew      // guarded by changing; nil while nothing is copied
}

// giver gives out work, or holds it back.
type giver interface{ hold(back bool) }

// Pause makes the streams stand still, with their sessions and under their snapshot, and lets nothing new begin: the index builds and
// statements that were begun go on. Before the transfer has begun, its preparation goes on; so do comparisons of both sides. A second
// call does nothing.
func (c *Control) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.going == nil {
		c.going = make(chan struct{})
		c.tell()
	}
}

// Resume ends a pause. Without one it does nothing.
func (c *Control) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.going != nil {
		close(c.going)
		c.going = nil
		c.tell()
	}
}

// Paused reports whether it is paused.
func (c *Control) Paused() bool { return c.pause() != nil }

// pause is a channel that is closed at the end of the pause; nil if there is none. c may be nil.
func (c *Control) pause() <-chan struct{} {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.going
}

// wait returns when it is not paused, or with the cause of ctx. c may be nil.
func (c *Control) wait(ctx context.Context) error {
	for going := c.pause(); going != nil; going = c.pause() {
		select {
		case <-going:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// tell has all that there is now do as was asked. The caller holds mu.
func (c *Control) tell() {
	paused := c.going != nil
	if c.limiter != nil {
		c.tracker.SetPaused(paused)
		if paused {
			c.limiter.Pause()
		} else {
			c.limiter.Resume()
		}
	}
	if c.source != nil {
		c.source.hold(paused)
	}
}

// begin is called once by the transfer. c may be nil.
func (c *Control) begin(limiter *Limiter, tracker *progress.Tracker) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limiter, c.tracker = limiter, tracker
	c.tell()
}

// SetJobs changes how many streams copy at a time, also where that is found out on the way; 0 leaves it to the transfer again. Fewer end
// what they have. For more than there are it opens sessions: if that can't be, there are as many as can be, and the error says why.
// Before anything is copied it is kept for then, and a warning tells what could not be.
func (c *Control) SetJobs(ctx context.Context, n int) error {
	if n < 0 || n > MostStreams {
		return fmt.Errorf("%d copy streams: there can be 1 to %d, or 0, which finds it out", n, MostStreams)
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	if n > 0 { // before: who finds it out by himself must not change it meanwhile
		c.ask(n)
	}
	defer c.ask(n)
	if c.crew == nil {
		return nil
	}
	return c.crew.set(ctx, n)
}

func (c *Control) ask(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jobs = n
}

// asked is what SetJobs was called with; 0 if it was not. c may be nil.
func (c *Control) asked() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jobs
}

// attach begins the work of n workers, who take it from a giver, both of which are known until the returned function is called. What was
// asked before is done now; failed is told why it can't be. c may be nil.
func (c *Control) attach(from giver, workers *crew, n int, failed func(error)) (detach func()) {
	if c == nil {
		workers.begin(n)
		return func() {}
	}
	c.know(from, nil) // it may be paused
	workers.begin(n)
	c.know(from, workers)
	workers.group.Go(func() error {
		c.changing.Lock()
		defer c.changing.Unlock()
		if n := c.asked(); n > 0 && c.crew == workers {
			if err := workers.set(workers.ctx, n); err != nil && workers.ctx.Err() == nil {
				failed(err)
			}
		}
		return nil
	})
	return func() { c.know(nil, nil) }
}

func (c *Control) know(from giver, workers *crew) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.crew = workers
	c.mu.Lock()
	defer c.mu.Unlock()
	c.source = from
	c.tell()
}
