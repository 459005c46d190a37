package worktest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"

	"pgsluice/internal/daemon/work"
)

// Create is work.Service's. The transfer stays pending until the test says otherwise.
func (s *Service) Create(_ context.Context, spec work.Spec, by string) (*work.Transfer, error) {
	if err := check(spec); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	n := uint64(len(s.transfers) + 1)
	t := &transfer{Transfer: work.Transfer{
		ID: work.ID(spec.Kind, n, false), Number: n, Spec: spec, Created: Begin, By: by, State: work.Pending, Want: work.WantRun,
	}}
	s.transfers = append(s.transfers, t)
	s.logged(t, "state", encoded(t.Transfer))
	made := t.Transfer
	return &made, nil
}

// Transfers is work.Service's.
func (s *Service) Transfers(_ context.Context, f work.Filter) ([]work.Transfer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	var found []work.Transfer
	for _, t := range slices.Backward(s.transfers) {
		switch {
		case len(f.States) > 0 && !slices.Contains(f.States, t.State),
			f.Database != "" && f.Database != t.Spec.Source && f.Database != t.Spec.Target,
			f.Before > 0 && t.Number >= f.Before:
			continue
		}
		if found = append(found, t.Transfer); len(found) == f.Limit {
			break
		}
	}
	return found, nil
}

// Transfer is work.Service's.
func (s *Service) Transfer(_ context.Context, id string) (*work.Transfer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	t := s.find(id)
	if t == nil {
		return nil, fmt.Errorf("transfer %s: %w", id, work.ErrNotFound)
	}
	found := t.Transfer
	return &found, nil
}

// Change is work.Service's: what is wanted is done at once.
func (s *Service) Change(_ context.Context, id string, c work.Change, _ string) (*work.Transfer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	switch {
	case s.broken != nil:
		return nil, s.broken
	case t == nil:
		return nil, fmt.Errorf("transfer %s: %w", id, work.ErrNotFound)
	case t.State.Final():
		return nil, &work.Conflict{Message: fmt.Sprintf("transfer %s is %s already", id, t.State)}
	}
	if c.RateLimit != nil {
		t.Spec.Options.RateLimit = *c.RateLimit
	}
	if c.Jobs != nil {
		t.Spec.Options.Jobs = *c.Jobs
	}
	if c.Want != nil {
		t.Want = *c.Want
		t.State = map[work.Want]work.State{work.WantRun: work.Running, work.WantPause: work.Paused, work.WantCancel: work.Canceled}[t.Want]
	}
	s.logged(t, "state", encoded(t.Transfer))
	changed := t.Transfer
	return &changed, nil
}

// Report is work.Service's.
func (s *Service) Report(_ context.Context, id string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	switch {
	case s.broken != nil:
		return nil, s.broken
	case t == nil || t.report == nil:
		return nil, fmt.Errorf("report of transfer %s: %w", id, work.ErrNotFound)
	}
	return t.report, nil
}

// Readers is how many read the log of a transfer now.
func (s *Service) Readers(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readers[id]
}

func (s *Service) reads(id string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers[id] += n
}

// Events is work.Service's.
func (s *Service) Events(ctx context.Context, id string, after uint64) iter.Seq2[work.Event, error] {
	events := Watch(ctx, &s.mu, &s.changed, func() ([]work.Event, bool) {
		t := s.find(id)
		if t == nil {
			return nil, true
		}
		news := slices.Clone(t.events[min(after, uint64(len(t.events))):])
		after = max(after, uint64(len(t.events)))
		return news, t.State.Final()
	})
	return func(yield func(work.Event, error) bool) {
		s.reads(id, 1)
		defer s.reads(id, -1)
		events(yield)
	}
}

// Live is work.Service's.
func (s *Service) Live(ctx context.Context, id string) iter.Seq2[work.Live, error] {
	return Watch(ctx, &s.mu, &s.changed, func() ([]work.Live, bool) {
		t := s.find(id)
		if t == nil {
			return nil, true
		}
		return []work.Live{{Transfer: t.Transfer, Progress: t.progress}}, t.State.Final()
	})
}

// All is work.Service's.
func (s *Service) All(ctx context.Context) iter.Seq2[work.Transfer, error] {
	seen := map[string]uint64{} // how much of each log
	return Watch(ctx, &s.mu, &s.changed, func() (news []work.Transfer, _ bool) {
		for _, t := range s.transfers {
			if n := uint64(len(t.events)); seen[t.ID] != n {
				seen[t.ID] = n
				news = append(news, t.Transfer)
			}
		}
		return news, false
	})
}

// Schedules is work.Service's.
func (s *Service) Schedules(context.Context) ([]work.Schedule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []work.Schedule
	for _, name := range slices.Sorted(maps.Keys(s.schedules)) {
		all = append(all, s.schedules[name])
	}
	return all, s.broken
}

// PutSchedule is work.Service's. A schedule never ticks.
func (s *Service) PutSchedule(_ context.Context, sc work.Schedule, by string) (*work.Schedule, error) {
	if err := check(sc.Spec); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	sc.Created, sc.By, sc.Next = Begin, by, Begin.AddDate(0, 0, 1)
	s.schedules[sc.Name] = sc
	return &sc, nil
}

// DeleteSchedule is work.Service's.
func (s *Service) DeleteSchedule(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.schedules[name]; !ok {
		return fmt.Errorf("schedule %s: %w", name, work.ErrNotFound)
	}
	delete(s.schedules, name)
	return nil
}
