package engine

import (
	"context"
	"errors"
	"regexp"
	"time"

	"pgsluice/internal/daemon/cron"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/zone"
)

var scheduleNames = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Schedules is work.Service's.
func (e *Engine) Schedules(ctx context.Context) ([]work.Schedule, error) {
	return e.Queue.Schedules(ctx)
}

// PutSchedule is work.Service's. What a schedule has made so far stays known of it.
func (e *Engine) PutSchedule(ctx context.Context, s work.Schedule, by string) (*work.Schedule, error) {
	if !scheduleNames.MatchString(s.Name) {
		return nil, invalid("name", "a schedule's name is of a-z, 0-9, _ and -, begins with a letter or digit and has 63 characters at most")
	}
	if err := e.check(ctx, s.Spec); err != nil {
		return nil, err
	}
	ticks, err := cron.Parse(s.Cron, s.TimeZone)
	if err != nil {
		return nil, invalid(scheduleField(s.TimeZone), "%v", err)
	}
	r := s.Retention
	switch {
	case r.Last < 0 || r.Days < 0 || r.Weekly < 0 || r.Monthly < 0:
		return nil, invalid("retention", "a retention's numbers must not be negative")
	case r != work.Retention{} && s.Spec.Kind != work.Dump:
		return nil, invalid("retention", "retention is of dumps")
	}
	now := e.Now()
	put, err := e.Queue.UpdateSchedule(ctx, s.Name, func(old *work.Schedule) (*work.Schedule, error) {
		made := s
		made.Created, made.By, made.Last, made.LastID = now.UTC(), by, time.Time{}, ""
		if old != nil {
			made.Created, made.By, made.Last, made.LastID = old.Created, old.By, old.Last, old.LastID
		}
		made.Next = time.Time{}
		if !made.Suspended {
			made.Next = ticks.Next(now) // ticks are missed by a schedule as it was when they came
		}
		return &made, nil
	})
	if err != nil {
		return nil, err
	}
	e.scheduleAgain()
	return put, nil
}

// scheduleField is the field that a schedule's times were refused for.
func scheduleField(timeZone string) string {
	if _, err := zone.Load(timeZone); err != nil {
		return "time_zone"
	}
	return "cron"
}

// DeleteSchedule is work.Service's. What it has made stays.
func (e *Engine) DeleteSchedule(ctx context.Context, name string) error {
	_, err := e.Queue.UpdateSchedule(ctx, name, func(old *work.Schedule) (*work.Schedule, error) {
		if old == nil {
			return nil, errNoSchedule
		}
		return nil, nil //nolint:nilnil // it deletes
	})
	if errors.Is(err, errNoSchedule) {
		return work.ErrNotFound
	}
	e.scheduleAgain()
	return err
}

var errNoSchedule = errors.New("no such schedule")

// scheduleAgain has the schedules read now.
func (e *Engine) scheduleAgain() {
	select {
	case e.ticks <- struct{}{}:
	default:
	}
}
