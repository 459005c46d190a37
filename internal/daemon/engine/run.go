package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/transfer"
)

// run is a transfer that this daemon has in work.
type run struct {
	engine   *Engine
	delivery *queue.Delivery
	config   *config.Config // as it was when it began
	hider    *hider
	cancel   context.CancelCauseFunc
	wake     chan struct{} // of one: something was asked
	jobs     int           // that each attempt begins with

	mu       sync.Mutex
	transfer work.Transfer // as last seen
	attempt  *attempt      // nil before the first
}

// attempt is one call of package transfer, with what is used once.
type attempt struct {
	tracker *progress.Tracker
	control *transfer.Control
	limiter *transfer.Limiter
}

// see takes note of a record.
func (r *run) see(t work.Transfer) {
	r.mu.Lock()
	r.transfer = t
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// seen is the record as it was last seen.
func (r *run) seen() work.Transfer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.transfer
}

func (r *run) current() *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempt
}

// work runs a transfer to its end, or until it is given back or lost.
func (e *Engine) work(ctx context.Context, d *queue.Delivery, t *work.Transfer) error {
	c := e.Config()
	r := &run{engine: e, delivery: d, config: c, hider: newHider(c), wake: make(chan struct{}, 1), transfer: *t}
	r.jobs = steeringOf(c, t, e.Now()).jobs
	life, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	r.cancel = cancel
	defer context.AfterFunc(ctx, func() { cancel(errDrained) })()
	e.enter(r)
	defer e.leave(r)
	var beside sync.WaitGroup
	beside.Go(func() { r.beat(life) })
	beside.Go(func() { r.steer(life) })
	o := r.do(life)
	cancel(nil)
	beside.Wait()
	return r.end(ctx, o)
}

// beat renews the lease until life ends. Who has lost it, or can't know any more that he has it, stops.
func (r *run) beat(life context.Context) {
	every := r.engine.AckWait / 3
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-life.Done():
			return
		case <-tick.C:
		}
		var err error
		if time.Since(last) < r.engine.AckWait { // else this process stood still, and nothing that it does may go on
			ctx, cancel := context.WithTimeout(life, every)
			err = r.delivery.InProgress(ctx)
			cancel()
		} else {
			err = queue.ErrLost
		}
		switch {
		case err == nil:
			last = time.Now()
		case life.Err() != nil:
			return
		case errors.Is(err, queue.ErrLost), time.Since(last) >= r.engine.AckWait:
			r.engine.Log.Warn("lost", zap.String("id", r.delivery.ID), zap.Error(err))
			r.cancel(queue.ErrLost)
			return
		}
	}
}
