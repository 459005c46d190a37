package transfer

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// errStalled says that a part stood still although both servers were waiting for us: what lies between has swallowed bytes.
var errStalled = errors.New("no byte has moved, and both servers wait for this program: a connection is dead, though nobody has closed it")

// stallLooks is how many looks must have seen a standstill until it is believed.
const stallLooks = 6

// endStalls cancels ctx's work if it stalls for StallFor. Keep-alives do not notice a router or a proxy that answers them
// and passes nothing on. A part that a rate limit holds back is left alone.
func (r *run) endStalls(ctx context.Context, t *plan.Task, running *progress.Running) (work context.Context, stop func()) {
	work, end := context.WithCancelCause(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(r.StallFor / stallLooks)
		defer tick.Stop()
		for last, still := int64(-1), 0; ; {
			select {
			case <-work.Done():
				return
			case <-tick.C:
			}
			moved := running.Moved()
			limited := r.Limiter != nil && r.Limiter.Rate() > 0 // it may be set meanwhile
			if moved != last || limited || !r.watcher.clientWaits(t.ID) {
				last, still = moved, 0
				continue
			}
			if still++; still >= stallLooks {
				end(errStalled)
				return
			}
		}
	})
	return work, func() { end(nil); looking.Wait() }
}

// clientWaits reports whether both servers were last seen waiting for their client, of a task that uses both.
func (w *watcher) clientWaits(task int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.sides {
		if !strings.HasPrefix(w.sides[i].tasks[task].Wait, "Client: ") {
			return false
		}
	}
	return true
}
