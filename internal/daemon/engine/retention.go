package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/cron"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/zone"
)

// retain removes the dumps of a schedule that its rules don't keep, behind a transfer of it. What can't be removed now is removed behind the
// next one.
func (e *Engine) retain(ctx context.Context, t *work.Transfer) {
	if t.Schedule == "" || t.Spec.Kind != work.Dump || t.State != work.Completed {
		return
	}
	if err := e.removeOld(ctx, t.Schedule); err != nil {
		e.Log.Warn("retention", zap.String("schedule", t.Schedule), zap.Error(err))
	}
}

func (e *Engine) removeOld(ctx context.Context, schedule string) error {
	s, err := e.Queue.Schedule(ctx, schedule)
	if errors.Is(err, work.ErrNotFound) {
		return nil // who deletes a schedule keeps its dumps
	}
	if err != nil {
		return err
	}
	at, err := zone.Load(s.TimeZone)
	if err != nil {
		return err
	}
	dumps, err := e.dumpsOf(ctx, schedule)
	if err != nil {
		return err
	}
	_, remove := cron.Keep(dumps, func(t work.Transfer) time.Time { return t.Created }, s.Retention, e.Now(), at)
	for i := range remove {
		_, err := e.Queue.Update(ctx, remove[i].ID, func(t *work.Transfer) error {
			t.Expired = true
			return nil
		})
		if err != nil {
			return err
		}
	}
	return e.sweep(ctx, s.Spec.Target)
}

// dumpsOf are a schedule's dumps that are there.
func (e *Engine) dumpsOf(ctx context.Context, schedule string) ([]work.Transfer, error) {
	const page = 500
	var dumps []work.Transfer
	for before := uint64(0); ; {
		all, err := e.Queue.List(ctx, work.Filter{States: []work.State{work.Completed}, Before: before, Limit: page})
		if err != nil {
			return nil, err
		}
		for _, t := range all {
			if t.Schedule == schedule && t.Spec.Kind == work.Dump && t.File != "" && !t.Expired {
				dumps = append(dumps, t)
			}
		}
		if len(all) < page {
			return dumps, nil
		}
		before = all[len(all)-1].Number
	}
}

// sweep removes the files of dumps that have expired, which their records said before: one that says that there is a file may be restored from.
// Files of others are left alone.
func (e *Engine) sweep(ctx context.Context, name string) error {
	store, err := e.store(e.Config(), name)
	if err != nil {
		return err
	}
	files, err := store.List(ctx)
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	for _, f := range files {
		t, err := e.Queue.Get(ctx, strings.TrimSuffix(f.Name, dumpSuffix))
		switch {
		case errors.Is(err, work.ErrNotFound), err == nil && !(t.Expired && t.Spec.Target == name):
		case err != nil:
			return err
		default:
			if err := store.Remove(ctx, f.Name); err != nil {
				return fmt.Errorf("store %s: %w", name, err)
			}
		}
	}
	return nil
}
