package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/cron"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/report"
)

const (
	// tickEvery is how often it is looked whether a tick is due.
	tickEvery = 500 * time.Millisecond
	// schedulesEvery is how often the schedules are read, which other daemons may have changed.
	schedulesEvery = 5 * time.Second
	// missedCounted is up to how many missed ticks they are counted.
	missedCounted = 1000
)

// schedule makes transfers of ticks until ctx ends.
func (e *Engine) schedule(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	var schedules []work.Schedule
	var read time.Time
	for {
		if time.Since(read) >= schedulesEvery {
			all, err := e.Queue.Schedules(ctx)
			if err == nil {
				schedules, read = all, time.Now()
			} else if ctx.Err() == nil {
				e.Log.Warn(err.Error())
			}
		}
		for i := range schedules {
			if s := &schedules[i]; due(s, e.Now()) {
				if err := e.tick(ctx, s.Name); err != nil && ctx.Err() == nil {
					e.Log.Warn(err.Error())
				}
				read = time.Time{}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-e.ticks:
			read = time.Time{}
		case <-tick.C:
		}
	}
}

func due(s *work.Schedule, now time.Time) bool {
	return !s.Suspended && !s.Next.IsZero() && !s.Next.After(now)
}

// tick makes the transfer of a schedule's latest tick. Whoever does so too, and whoever dies in it, makes no second one; see queue.Tick.
func (e *Engine) tick(ctx context.Context, name string) error {
	s, err := e.Queue.Schedule(ctx, name)
	switch {
	case errors.Is(err, work.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !due(s, e.Now()): // another daemon has made it
		return nil
	}
	ticks, err := cron.Parse(s.Cron, s.TimeZone)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	now := e.Now()
	missed, more := ticks.Missed(s.Next.Add(-time.Nanosecond), now, missedCounted)
	if len(missed) == 0 { // its zone's rules have changed
		missed = []time.Time{s.Next}
	}
	at := missed[len(missed)-1]
	t, first, err := e.Queue.Tick(ctx, at, work.Transfer{Spec: s.Spec, Schedule: s.Name, By: "schedule " + s.Name})
	if err != nil {
		return err
	}
	if first && len(missed) > 1 {
		e.tellMissed(ctx, t.ID, s.Name, len(missed)-1, more, missed[0])
	}
	before := s.Next
	_, err = e.Queue.UpdateSchedule(ctx, s.Name, func(s *work.Schedule) (*work.Schedule, error) {
		if s == nil || !s.Next.Equal(before) { // somebody else has, or it was changed
			return s, nil
		}
		s.Last, s.LastID, s.Next = at.UTC(), t.ID, ticks.Next(now)
		return s, nil
	})
	return err
}

// tellMissed says in a transfer's log that ticks before its own made none.
func (e *Engine) tellMissed(ctx context.Context, id, schedule string, missed int, more bool, since time.Time) {
	text := fmt.Sprintf("%s of this schedule since %s made no transfer, because no daemon ran: only the latest is caught up on",
		count(missed, "earlier tick", "earlier ticks"), since.UTC().Format(time.RFC3339))
	if more {
		text = "more than " + text
	}
	data, err := json.Marshal(map[string]any{
		"schema": report.EventSchema, "version": report.EventVersion, "event": "warning", "at_seconds": 0, "object": "schedule " + schedule, "message": text,
	})
	if err == nil {
		err = e.Queue.Append(ctx, id, work.Event{Name: "warning", Data: data})
	}
	if err != nil {
		e.Log.Warn("missed ticks", zap.String("schedule", schedule), zap.Error(err))
	}
}
