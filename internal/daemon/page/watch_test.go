package page_test

import (
	"context"
	"encoding/json"
	"iter"

	"pgsluice/internal/daemon/work"
)

// watch yields what look returns at each change until look says that it was the last, or ctx ends. look is called under the lock.
func watch[T any](ctx context.Context, s *service, look func() (news []T, last bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			s.mu.Lock()
			news, last := look()
			changed := s.changed
			s.mu.Unlock()
			for _, n := range news {
				if !yield(n, nil) {
					return
				}
			}
			if last {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	}
}

func (s *service) Events(ctx context.Context, id string, after uint64) iter.Seq2[work.Event, error] {
	return watch(ctx, s, func() ([]work.Event, bool) {
		t := s.transfers[id]
		if t == nil {
			return nil, true
		}
		news := t.events[min(int(after), len(t.events)):]
		after += uint64(len(news))
		return news, t.State.Final()
	})
}

func (s *service) Live(ctx context.Context, id string) iter.Seq2[work.Live, error] {
	return watch(ctx, s, func() ([]work.Live, bool) {
		t := s.transfers[id]
		if t == nil {
			return nil, true
		}
		return []work.Live{{Transfer: t.Transfer, Progress: t.progress}}, t.State.Final()
	})
}

func (s *service) All(ctx context.Context) iter.Seq2[work.Transfer, error] {
	told := map[string]string{}
	return watch(ctx, s, func() (news []work.Transfer, _ bool) {
		for id, t := range s.transfers {
			if now := string(encode(t.Transfer)); told[id] != now {
				told[id] = now
				news = append(news, t.Transfer)
			}
		}
		return news, false
	})
}

// liveBytes is what a transfer has moved, as its last progress says.
func (s *service) liveBytes(id string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p struct{ Data struct{ Bytes int64 } }
	if json.Unmarshal(s.transfers[id].progress, &p) != nil {
		return 0
	}
	return p.Data.Bytes
}
