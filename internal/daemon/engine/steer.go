package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/transfer"
)

// steering is how a transfer should run: what was asked, within what the configuration allows now.
type steering struct {
	paused bool
	why    string // of a pause that nobody asked for
	rate   int64  // bytes per second; 0 is none
	jobs   int
}

// steeringOf is what should be of a transfer at a moment.
func steeringOf(c *config.Config, t *work.Transfer, now time.Time) steering {
	s := steering{paused: t.Want == work.WantPause, rate: t.Spec.Options.RateLimit, jobs: t.Spec.Options.Jobs}
	for _, name := range databases(t.Spec) {
		db := c.Database(name)
		if db == nil { // the configuration has changed: it ends as it began
			continue
		}
		s.rate, s.jobs = lower(s.rate, db.RateLimit), lowerJobs(s.jobs, db.MaxStreams)
		switch {
		case db.Window.Open(now):
		case db.RateLimitOutside > 0:
			s.rate = lower(s.rate, db.RateLimitOutside)
		default:
			s.paused = true
			if t.Want != work.WantPause {
				s.why = "the window of " + name
			}
		}
	}
	return s
}

// lower is the lower of two bounds, where 0 is none.
func lower(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// lowerJobs leaves 0, which finds out, as it is: what is found out is bounded in the beginning.
func lowerJobs(jobs, most int) int {
	if most > 0 && jobs > most {
		return most
	}
	return jobs
}

const (
	// steerEvery is how often windows are looked at, and what could not be recorded is recorded again.
	steerEvery = time.Second
	// totalsEvery is how often the record gets what has moved.
	totalsEvery = 5 * time.Second
)

// steer has a transfer do what its record asks, until life ends.
func (r *run) steer(life context.Context) {
	tick := time.NewTicker(steerEvery)
	defer tick.Stop()
	var jobs sync.WaitGroup
	defer jobs.Wait()
	var of *attempt // that was steered last
	var now steering
	totals := time.Now()
	for {
		t := r.seen()
		if t.Want == work.WantCancel {
			r.cancel(errCanceled)
			return
		}
		if a := r.current(); a != nil {
			next := steeringOf(r.engine.Config(), &t, r.engine.Now())
			if a != of {
				of, now = a, steering{jobs: r.jobs, rate: a.limiter.Rate()}
			}
			r.apply(life, a, now, next, &jobs)
			now = next
			r.recordPause(life, next)
			if time.Since(totals) >= totalsEvery {
				totals = time.Now()
				r.recordTotals(life, a)
			}
		}
		select {
		case <-life.Done():
			return
		case <-r.wake:
		case <-tick.C:
		}
	}
}

// apply changes what differs.
func (r *run) apply(life context.Context, a *attempt, now, next steering, changing *sync.WaitGroup) {
	if next.rate != now.rate {
		a.limiter.SetRate(next.rate)
	}
	if next.paused != now.paused {
		if next.paused {
			a.control.Pause()
		} else {
			a.control.Resume()
		}
	}
	if next.jobs != now.jobs {
		changing.Go(func() {
			if err := a.control.SetJobs(life, next.jobs); err != nil && life.Err() == nil {
				a.tracker.Warn(progress.Warning{Object: "copy streams", Message: r.hider.text(err.Error())})
			}
		})
	}
}

// recordPause keeps the state in the record: paused, or running.
func (r *run) recordPause(life context.Context, s steering) {
	state := work.Running
	if s.paused {
		state = work.Paused
	}
	if t := r.seen(); t.State == state && t.Waits == s.why {
		return
	}
	t, err := r.delivery.Update(life, func(t *work.Transfer) error {
		if t.State.Final() || t.Want == work.WantCancel || (t.Want == work.WantPause) != (s.paused && s.why == "") {
			return errAsked
		}
		t.State, t.Waits = state, s.why
		return nil
	})
	switch {
	case err == nil:
		r.mu.Lock()
		r.transfer = *t
		r.mu.Unlock()
	case life.Err() == nil && !errors.Is(err, errAsked):
		r.engine.Log.Warn("state", zap.Error(err))
	}
}

// recordTotals keeps what has moved in the record, for lists.
func (r *run) recordTotals(life context.Context, a *attempt) {
	s := a.tracker.Snapshot()
	_, err := r.delivery.Update(life, func(t *work.Transfer) error {
		t.Totals, t.Warnings = totalsOf(s), len(s.Warnings)+len(s.Failures)
		return nil
	})
	if err != nil && life.Err() == nil {
		r.engine.Log.Warn("totals", zap.Error(err))
	}
}

// newAttempt makes what one call of package transfer needs; what is asked is done from its beginning.
func (r *run) newAttempt() *attempt {
	t := r.seen()
	s := steeringOf(r.engine.Config(), &t, r.engine.Now())
	a := &attempt{tracker: progress.New(), control: &transfer.Control{}, limiter: transfer.NewLimiter(s.rate)}
	if s.paused {
		a.control.Pause()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempt = a
	return a
}
