package page_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/daemon/work"
)

func (s *service) Schedules(context.Context) ([]work.Schedule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []work.Schedule{}
	for _, sc := range s.schedules {
		all = append(all, sc)
	}
	slices.SortFunc(all, func(a, b work.Schedule) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (s *service) PutSchedule(_ context.Context, sc work.Schedule, by string) (*work.Schedule, error) {
	if sc.Cron == "nonsense" {
		return nil, &work.Invalid{Field: "cron", Message: `"nonsense" is not a cron expression: five fields are wanted`}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.schedules[sc.Name]
	sc.Created, sc.By, sc.Last, sc.LastID = time.Now(), by, old.Last, old.LastID
	sc.Next = time.Now().Add(time.Minute).Truncate(time.Minute)
	if sc.Suspended {
		sc.Next = time.Time{}
	}
	s.schedules[sc.Name] = sc
	return &sc, nil
}

func (s *service) DeleteSchedule(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.schedules, name)
	return nil
}

// tick lets a schedule make its transfer now.
func (s *service) tick(name string) {
	s.mu.Lock()
	sc := s.schedules[name]
	s.mu.Unlock()
	t := s.begin(sc.Spec, sc.By, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	sc.Last, sc.LastID = time.Now(), t.ID
	s.schedules[name] = sc
}
