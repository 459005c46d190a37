package transfer

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// crew are the workers that read: as many as a transfer begins with, and those that a Control adds.
type crew struct {
	group  *errgroup.Group
	ctx    context.Context // of the group
	begins int             // so many are allowed if nobody asks for another number
	member func(i int) *streams
	open   func(context.Context, *streams) error // its sessions
	work   func(*streams) error                  // to the end; it closes them
	allow  func(n int)                           // as many may be in work at a time

	mu             sync.Mutex
	hired, working int
	over           chan struct{} // closed when none is left
}

// begin hires the first n, who open their sessions when they need them, and returns at once.
func (c *crew) begin(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = make(chan struct{})
	c.hired, c.working = n, n
	for i := range n {
		s := c.member(i + 1)
		c.group.Go(func() error {
			defer c.left()
			return c.work(s)
		})
	}
}

func (c *crew) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working--; c.working == 0 {
		close(c.over)
	}
}

// set has n of them work, or, for 0, as many as there were in the beginning. Its calls come one after the other.
func (c *crew) set(ctx context.Context, n int) error {
	if n == 0 {
		c.allow(c.begins)
		return nil
	}
	var err error
	for c.count() < n && err == nil {
		var over bool
		if over, err = c.hire(ctx); over {
			return nil
		}
	}
	c.allow(min(n, c.count()))
	if err != nil {
		return fmt.Errorf("there are %d copy streams, and no more can be opened: %w", c.count(), err)
	}
	return nil
}

func (c *crew) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hired
}

// hire adds one whose sessions are open. over says that there is nothing left to do.
func (c *crew) hire(ctx context.Context) (over bool, err error) {
	c.mu.Lock()
	if over = c.working == 0; over {
		c.mu.Unlock()
		return true, nil
	}
	c.working++ // so that what they read from is not let go meanwhile
	i := c.hired + 1
	c.mu.Unlock()
	opening, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
	s := c.member(i)
	if err := c.open(opening, s); err != nil {
		s.close(c.ctx)
		c.left()
		return false, err
	}
	c.mu.Lock()
	c.hired++
	c.mu.Unlock()
	c.group.Go(func() error {
		defer c.left()
		return c.work(s)
	})
	return false, nil
}
