package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
)

// errAsked says that something else was asked of a transfer while it was about to begin.
var errAsked = errors.New("something else was asked")

// handle does what a delivered transfer wants. That the engine ends keeps no record from being written.
func (e *Engine) handle(ctx context.Context, d *queue.Delivery) error {
	for {
		t, err := e.Queue.Get(context.WithoutCancel(ctx), d.ID)
		if err != nil {
			return err // it comes again
		}
		switch {
		case t.State.Final(): // since it was delivered
			return d.Done(context.WithoutCancel(ctx))
		case t.Want == work.WantCancel:
			return e.endAtRest(ctx, d)
		case t.Want == work.WantPause:
			err = e.rest(ctx, d)
		default:
			err = e.begin(ctx, d, t)
		}
		if !errors.Is(err, errAsked) {
			return err
		}
	}
}

// endAtRest ends a transfer that was canceled while nobody had it in work.
func (e *Engine) endAtRest(ctx context.Context, d *queue.Delivery) error {
	return e.conclude(ctx, d, e.cancelAtRest)
}

// conclude makes the record of a transfer that this daemon does not run the final one that change makes of it.
func (e *Engine) conclude(ctx context.Context, d *queue.Delivery, change func(*work.Transfer)) error {
	ctx, cancel := recording(ctx)
	defer cancel()
	t, err := d.Update(ctx, func(t *work.Transfer) error {
		change(t)
		return nil
	})
	if err != nil {
		return err
	}
	e.ended(t)
	e.release(ctx, t)
	return d.Done(ctx)
}

// cancelAtRest makes a record that of a transfer that was canceled.
func (e *Engine) cancelAtRest(t *work.Transfer) {
	now := time.Now().UTC()
	t.State, t.Want, t.Ended, t.Waits, t.Daemon = work.Canceled, work.WantCancel, &now, "", ""
}

// rest lets a transfer that is to pause go out of the queue until somebody wants it to go on.
func (e *Engine) rest(ctx context.Context, d *queue.Delivery) error {
	ctx, cancel := recording(ctx)
	defer cancel()
	t, err := d.Update(ctx, func(t *work.Transfer) error {
		if t.Want != work.WantPause {
			return errAsked
		}
		t.State, t.Waits, t.Daemon = work.Paused, "", ""
		return nil
	})
	if err != nil {
		return err
	}
	e.release(ctx, t)
	return e.drop(ctx, d)
}

// drop takes a transfer that rests out of the queue.
func (e *Engine) drop(ctx context.Context, d *queue.Delivery) error {
	if err := d.Drop(ctx); err != nil {
		return err
	}
	// who wanted it to go on in this moment could not put it into the queue, where it still was
	t, err := e.Queue.Get(ctx, d.ID)
	if err != nil || t.State.Final() || t.Want == work.WantPause {
		return err
	}
	return e.Queue.Enqueue(ctx, d.ID)
}

// begin runs a transfer if it may begin now, and else gives it back for later.
func (e *Engine) begin(ctx context.Context, d *queue.Delivery, t *work.Transfer) error {
	names := databases(t.Spec)
	c := e.Config()
	for _, name := range names {
		if c.Database(name) == nil {
			return e.fail(ctx, d, fmt.Errorf("there is no database %s any more in this daemon's configuration", name))
		}
	}
	why, wait, err := e.gates(ctx, c, names, t)
	if err != nil {
		return err
	}
	if why != "" {
		return e.wait(ctx, d, why, wait)
	}
	now := time.Now().UTC()
	writing, cancel := recording(ctx)
	defer cancel()
	begun, err := d.Update(writing, func(t *work.Transfer) error {
		if t.Want != work.WantRun {
			return errAsked
		}
		t.State, t.Waits, t.Daemon = work.Running, "", e.Name
		t.Attempts++
		if t.Started == nil {
			t.Started = &now
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.work(ctx, d, begun)
}

// gates says what a transfer waits for, and when to look again; "" lets it begin, with its databases held.
func (e *Engine) gates(ctx context.Context, c *config.Config, names []string, t *work.Transfer) (why string, wait time.Duration, err error) {
	ctx, cancel := recording(ctx)
	defer cancel()
	if why, wait = e.closed(c, names); why == "" {
		why, err = e.hold(ctx, c, names, t)
		wait = e.Recheck
	}
	return why, wait, err
}

// wait gives a transfer back that can't begin.
func (e *Engine) wait(ctx context.Context, d *queue.Delivery, why string, wait time.Duration) error {
	ctx, cancel := recording(ctx)
	defer cancel()
	_, err := d.Update(ctx, func(t *work.Transfer) error {
		if t.Want != work.WantRun {
			return errAsked
		}
		t.State, t.Waits, t.Daemon = work.Pending, why, ""
		return nil
	})
	if err != nil {
		return err
	}
	return d.Later(ctx, wait)
}

// databases are those that a transfer uses, in order.
func databases(s work.Spec) []string {
	names := []string{s.Source, s.Target}
	switch s.Kind {
	case work.Dump:
		names = names[:1]
	case work.Restore:
		names = names[1:]
	}
	slices.Sort(names) // so that no two transfers wait for each other
	return slices.Compact(names)
}

// closed says which window a transfer waits for, and for how long that lasts at least; "" if none.
func (e *Engine) closed(c *config.Config, names []string) (why string, wait time.Duration) {
	now := e.Now()
	for _, name := range names {
		w := c.Database(name).Window
		if w.Open(now) {
			continue
		}
		opens := w.NextChange(now)
		why = fmt.Sprintf("the window of %s", name)
		if !opens.IsZero() {
			why += ", which opens " + opens.Format("Mon 15:04 MST")
		}
		const most = 8 // as long as nobody can shorten it, a change of the configuration is waited for, too
		return why, min(max(opens.Sub(now), e.Recheck), most*e.Recheck)
	}
	return "", 0
}

// hold takes the databases for a transfer; why says which one others have.
func (e *Engine) hold(ctx context.Context, c *config.Config, names []string, t *work.Transfer) (why string, err error) {
	for i, name := range names {
		if why, err = e.holdOne(ctx, name, c.Database(name).MaxTransfers, t); why == "" && err == nil {
			continue
		}
		for _, taken := range names[:i] {
			if err := e.Queue.Release(ctx, taken, t.ID); err != nil {
				return "", err
			}
		}
		return why, err
	}
	return "", nil
}

// usedBy parts the database from who has it in what a transfer waits for.
const usedBy = ", which is used by "

func awaited(database, by string) string { return database + usedBy + by }

// holdOne takes one database, unless a transfer that is older waits for it: that one comes first. Who has it already, because his daemon was
// lost, keeps it: else each would wait for the other.
func (e *Engine) holdOne(ctx context.Context, name string, most int, t *work.Transfer) (why string, err error) {
	holders, err := e.Queue.Holders(ctx, name)
	if err != nil || slices.Contains(holders, t.ID) {
		return "", err
	}
	waiting, err := e.Queue.List(ctx, work.Filter{States: []work.State{work.Pending}, Database: name, Before: t.Number, Limit: mostWaitingSeen})
	if err != nil {
		return "", err
	}
	for _, older := range waiting {
		if strings.HasPrefix(older.Waits, name+usedBy) {
			return awaited(name, older.ID), nil
		}
	}
	held, err := e.Queue.Hold(ctx, name, t.ID, most)
	if err != nil || held {
		return "", err
	}
	if holders, err = e.Queue.Holders(ctx, name); err != nil || len(holders) == 0 {
		return awaited(name, "another one"), err
	}
	return awaited(name, holders[0]), nil
}

// mostWaitingSeen is how many older ones are looked at.
const mostWaitingSeen = 1000

// release ends what hold began. What can't be released now is when its holder is seen to have ended.
func (e *Engine) release(ctx context.Context, t *work.Transfer) {
	for _, name := range databases(t.Spec) {
		if err := e.Queue.Release(ctx, name, t.ID); err != nil {
			e.Log.Warn(err.Error())
		}
	}
}

// fail ends a transfer that can't begin.
func (e *Engine) fail(ctx context.Context, d *queue.Delivery, cause error) error {
	return e.conclude(ctx, d, func(t *work.Transfer) {
		now := time.Now().UTC()
		t.State, t.Ended, t.Waits, t.Daemon, t.Error = work.Failed, &now, "", "", cause.Error()
	})
}

// ended tells those who want to know of a transfer's end.
func (e *Engine) ended(t *work.Transfer) {
	if e.Hooks != nil {
		e.Hooks.Send(e.Config().Webhooks, t)
	}
}
