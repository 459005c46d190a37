package transfer

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"pgsluice/internal/progress"
)

// errStalled says that a part stood still although all servers were waiting for us: what lies between has swallowed bytes.
var errStalled = errors.New("no byte has moved, and the servers wait for this program: a connection is dead, though nobody has closed it")

// stallLooks is how many looks must have seen a standstill until it is believed.
const stallLooks = 6

// endStalls cancels ctx's work if it stalls for StallFor. Keep-alives do not notice a router or a proxy that answers them
// and passes nothing on; still reports whether all who could move bytes wait for us. A part that a rate limit holds back is left alone.
func (r *run) endStalls(ctx context.Context, running *progress.Running, still func() bool) (work context.Context, stop func()) {
	work, end := context.WithCancelCause(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(r.StallFor / stallLooks)
		defer tick.Stop()
		for last, looks := int64(-1), 0; ; {
			select {
			case <-work.Done():
				return
			case <-tick.C:
			}
			moved := running.Moved()
			limited := r.Limiter != nil && r.Limiter.Rate() > 0 || r.Control.pause() != nil // it may be set meanwhile
			if moved != last || limited || !still() {
				last, looks = moved, 0
				continue
			}
			if looks++; looks >= stallLooks {
				end(errStalled)
				return
			}
		}
	})
	return work, func() { end(nil); looking.Wait() }
}

// The watcher's sides.
const (
	sourceSide = iota
	targetSide
)

// waitsForClient reports whether one server was last seen waiting for its client.
func (w *watcher) waitsForClient(task, side int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.HasPrefix(w.sides[side].tasks[task].Wait, "Client: ")
}
