package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

func scheduleKey(name string) string { return "schedule." + word(name) }

// Schedules returns all, by name.
func (q *Queue) Schedules(ctx context.Context) ([]work.Schedule, error) {
	keys, err := q.state.ListKeysFiltered(ctx, "schedule.>")
	if err != nil {
		return nil, fmt.Errorf("schedules: %w", err)
	}
	all := []work.Schedule{}
	for key := range keys.Keys() {
		s, _, err := q.schedule(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("schedules: %w", err)
		}
		if s != nil {
			all = append(all, *s)
		}
	}
	slices.SortFunc(all, func(a, b work.Schedule) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// schedule reads one, with its revision; nil and the revision 0 if there is none.
func (q *Queue) schedule(ctx context.Context, key string) (*work.Schedule, uint64, error) {
	entry, err := q.state.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	var s work.Schedule
	if err := json.Unmarshal(entry.Value(), &s); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", key, err)
	}
	return &s, entry.Revision(), nil
}

// Schedule returns one or work.ErrNotFound.
func (q *Queue) Schedule(ctx context.Context, name string) (*work.Schedule, error) {
	s, _, err := q.schedule(ctx, scheduleKey(name))
	if err == nil && s == nil {
		err = work.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", name, err)
	}
	return s, nil
}

// UpdateSchedule changes or creates a schedule by compare-and-set; change gets nil if there is none, and returns what is to be stored. nil
// deletes it. change may be called again with a newer state. Its error is returned as it is, and nothing is stored.
func (q *Queue) UpdateSchedule(
	ctx context.Context, name string, change func(*work.Schedule) (*work.Schedule, error),
) (*work.Schedule, error) {
	key := scheduleKey(name)
	for {
		s, revision, err := q.schedule(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", name, err)
		}
		was := s != nil
		if s, err = change(s); err != nil {
			return nil, err
		}
		switch {
		case s != nil:
			s.Name = name
			err = q.putSchedule(ctx, key, s, revision)
		case was:
			err = q.state.Delete(ctx, key, jetstream.LastRevision(revision))
		}
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return nil, fmt.Errorf("schedule %s: %w", name, err)
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// putSchedule stores one over the given revision; 0 is none, or one that was deleted.
func (q *Queue) putSchedule(ctx context.Context, key string, s *work.Schedule, revision uint64) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if revision == 0 {
		_, err = q.state.Create(ctx, key, text)
		return err
	}
	_, err = q.state.Update(ctx, key, text, revision)
	return err
}
