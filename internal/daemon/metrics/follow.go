package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"pgsluice/internal/daemon/work"
)

// pause is between attempts to read a service that breaks off.
const pause = time.Second

// Run reads the service until ctx ends. Without it, the metrics stay as they are.
func (m *Metrics) Run(ctx context.Context) {
	var readers sync.WaitGroup
	defer readers.Wait()
	for ctx.Err() == nil {
		for t, err := range m.service.All(ctx) {
			if err != nil {
				break // and from the beginning again: the present states come first
			}
			m.see(ctx, t, &readers)
		}
		wait(ctx, pause)
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// see takes in the state of a transfer, and begins to read its progress when it runs.
func (m *Metrics) see(ctx context.Context, t work.Transfer, readers *sync.WaitGroup) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.open[t.ID]
	if o == nil {
		// What a daemon finds when it starts was counted by an earlier one. Numbers rise, so that one which is new and has ended already is told
		// from one that was counted before the service broke off.
		o = &openTransfer{fresh: t.Created.After(m.began) && t.Number > m.top}
		if t.State.Final() && !o.fresh {
			m.ended(&t)
			return
		}
		if !o.fresh {
			o.Attempts = t.Attempts
		}
		m.open[t.ID] = o
	}
	m.top = max(m.top, t.Number)
	add(m.counts.taken.WithLabelValues(string(t.Spec.Kind)), float64(t.Attempts-o.Attempts))
	o.Transfer = t
	switch {
	case t.State.Final():
		m.ended(&t)
		m.counts.ended.WithLabelValues(string(t.Spec.Kind), string(t.State)).Inc()
		if !o.read { // it was faster than we were told
			m.counts.whole(&t)
		}
		// The reader of its progress ends by itself, behind the last one.
		delete(m.open, t.ID)
	case t.State != work.Pending && !o.read:
		o.read = true
		readers.Go(func() { m.read(ctx, o) })
	}
}

// ended keeps when a transfer ended, for each of its databases.
func (m *Metrics) ended(t *work.Transfer) {
	ends := m.completed
	switch {
	case t.Ended == nil || t.State == work.Canceled:
		return
	case t.State == work.Failed:
		ends = m.failed
	}
	for _, name := range databases(t.Spec) {
		key := lastKey{t.Spec.Kind, name}
		if t.Ended.After(ends[key]) {
			ends[key] = *t.Ended
		}
	}
}

// databases are those that a transfer reads or writes: the target of a dump is a store.
func databases(s work.Spec) []string {
	switch s.Kind {
	case work.Dump:
		return []string{s.Source}
	case work.Restore:
		return []string{s.Target}
	default:
		return []string{s.Source, s.Target}
	}
}

// read takes in a transfer's progress until its last one.
func (m *Metrics) read(ctx context.Context, o *openTransfer) {
	for {
		var broken error
		for live, err := range m.service.Live(ctx, o.ID) {
			if broken = err; err != nil {
				break
			}
			var p progress
			if live.Progress != nil && json.Unmarshal(live.Progress, &p) == nil {
				m.take(o, &p)
			}
		}
		if broken == nil || ctx.Err() != nil || errors.Is(broken, work.ErrNotFound) {
			return
		}
		wait(ctx, pause)
	}
}

// take counts what a progress has more than the last one.
func (m *Metrics) take(o *openTransfer, p *progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := &o.progress
	switch {
	case o.at.IsZero() && !o.fresh:
		// It ran before we looked: a counter that begins with all of it would show a rate that never was.
		before = p
	case !o.at.IsZero() && p.At == before.At: // the same again, with another state
		return
	case p.At < before.At: // another run, which begins anew
		before = &progress{}
	}
	m.counts.moved(&o.Transfer, before, p)
	o.progress, o.at = *p, time.Now()
}
