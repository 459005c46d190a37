package transfer

import (
	"context"
	"sync"
)

// turnstile lets so many readers of a dump at a time begin a task: what the board is to a copy. Its methods may be called from any
// goroutine.
type turnstile struct {
	mu         sync.Mutex
	changed    *sync.Cond
	most, busy int
	held       bool
}

func newTurnstile(most int) *turnstile {
	t := &turnstile{most: most}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// enter waits for a place; false says that ctx has ended, who wakes it then.
func (t *turnstile) enter(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ctx.Err() == nil && (t.held || t.busy >= t.most) {
		t.changed.Wait()
	}
	if ctx.Err() != nil {
		return false
	}
	t.busy++
	return true
}

func (t *turnstile) leave() { t.change(func() { t.busy-- }) }

func (t *turnstile) allow(n int) { t.change(func() { t.most = n }) }

func (t *turnstile) hold(back bool) { t.change(func() { t.held = back }) }

// wake has all who wait look at their contexts.
func (t *turnstile) wake() { t.change(func() {}) }

func (t *turnstile) change(what func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what()
	t.changed.Broadcast()
}
