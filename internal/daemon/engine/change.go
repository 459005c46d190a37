package engine

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/transfer"
)

// Change is work.Service's. It is written into the record, where the daemon that has the transfer in work sees it, whichever that is.
func (e *Engine) Change(ctx context.Context, id string, c work.Change, by string) (*work.Transfer, error) {
	if err := checkChange(c); err != nil {
		return nil, err
	}
	var enqueue, over bool
	t, err := e.Queue.Update(ctx, id, func(t *work.Transfer) error {
		enqueue, over = false, false
		if t.State.Final() {
			return &work.Conflict{Message: fmt.Sprintf("transfer %s is over: it is %s", id, t.State)}
		}
		if t.Spec.Kind == work.Verify && (c.RateLimit != nil && *c.RateLimit > 0 || c.Jobs != nil && t.Daemon != "") {
			return &work.Conflict{Message: "a verification in work can't be changed, only canceled"}
		}
		if c.RateLimit != nil {
			t.Spec.Options.RateLimit = *c.RateLimit
		}
		if c.Jobs != nil {
			t.Spec.Options.Jobs = *c.Jobs
		}
		if c.Want == nil {
			return nil
		}
		var err error
		enqueue, over, err = e.wish(t, *c.Want)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.Log.Info("changed", zap.String("id", id), zap.String("by", by), zap.Any("change", c))
	if over {
		e.ended(t)
		e.release(ctx, t)
	}
	if enqueue {
		if err := e.Queue.Enqueue(ctx, id); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// wish changes what is wanted of a transfer. One that no daemon has in work is there at once; over says that it has ended by that, and enqueue
// that it must be in the queue again.
func (e *Engine) wish(t *work.Transfer, want work.Want) (enqueue, over bool, err error) {
	resting := t.Daemon == ""
	switch {
	case want == t.Want:
	case t.Want == work.WantCancel:
		return false, false, &work.Conflict{Message: fmt.Sprintf("transfer %s is being canceled", t.ID)}
	case want == work.WantCancel && resting:
		e.cancelAtRest(t)
		return false, true, nil
	case want == work.WantPause && t.Spec.Kind == work.Verify && !resting:
		return false, false, &work.Conflict{Message: "a verification can't be paused"}
	case want == work.WantPause && resting:
		t.State, t.Waits = work.Paused, ""
	case want == work.WantRun && resting:
		t.State, enqueue = work.Pending, true
	}
	t.Want = want
	return enqueue, false, nil
}

func checkChange(c work.Change) error {
	switch {
	case c.Want != nil && *c.Want != work.WantRun && *c.Want != work.WantPause && *c.Want != work.WantCancel:
		return invalid("want", "%q must be run, pause or cancel", string(*c.Want))
	case c.RateLimit != nil && *c.RateLimit < 0:
		return invalid("rate_limit", "rate_limit must be 0, which is none, or bytes per second")
	case c.Jobs != nil && (*c.Jobs < 0 || *c.Jobs > transfer.MostStreams):
		return invalid("jobs", "jobs must be 0, which finds it out, to %d", transfer.MostStreams)
	}
	return nil
}
