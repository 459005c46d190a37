package page_test

import (
	"context"
	"encoding/json"
	"iter"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/daemon/worktest"
)

func (s *service) Events(ctx context.Context, id string, after uint64) iter.Seq2[work.Event, error] {
	return worktest.Watch(ctx, &s.mu, &s.changed, func() ([]work.Event, bool) {
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
	return worktest.Watch(ctx, &s.mu, &s.changed, func() ([]work.Live, bool) {
		t := s.transfers[id]
		if t == nil {
			return nil, true
		}
		return []work.Live{{Transfer: t.Transfer, Progress: t.progress}}, t.State.Final()
	})
}

func (s *service) All(ctx context.Context) iter.Seq2[work.Transfer, error] {
	told := map[string]string{}
	return worktest.Watch(ctx, &s.mu, &s.changed, func() (news []work.Transfer, _ bool) {
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
