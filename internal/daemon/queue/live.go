package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"pgsluice/internal/daemon/work"
)

// keepLive is of how many transfers the last progress is in memory: those that run, and a few that have ended, for pages that are open.
const keepLive = 256

// live has the latest progress of transfers, in memory alone: who opens a queue learns it from the next one.
type live struct {
	mu      sync.Mutex
	latest  map[string]json.RawMessage
	order   []string            // as they were first seen
	dirty   map[string]struct{} // not sent to the other daemons yet
	wake    chan struct{}       // of one: there is something in dirty
	changed *bell               // rung by id
}

func newLive() *live {
	return &live{
		latest: make(map[string]json.RawMessage), dirty: make(map[string]struct{}), wake: make(chan struct{}, 1), changed: newBell(),
	}
}

// PutLive is the progress of a transfer that this daemon runs; it is kept and must not be changed. It takes no time: what readers can't follow
// is left out.
func (q *Queue) PutLive(id string, progress json.RawMessage) {
	l := q.live
	l.put(id, progress)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty[id] = struct{}{}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *live) put(id string, progress json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.latest[id]; !ok {
		l.order = append(l.order, id)
		if len(l.order) > keepLive {
			delete(l.latest, l.order[0])
			l.order = l.order[1:]
		}
	}
	l.latest[id] = progress
	l.changed.ring(id)
}

func (l *live) get(id string) json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest[id]
}

// unsent takes what is not sent yet.
func (l *live) unsent() map[string]json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]json.RawMessage, len(l.dirty))
	for id := range l.dirty {
		if progress, ok := l.latest[id]; ok {
			out[id] = progress
		}
	}
	clear(l.dirty)
	return out
}

// share sends progress and news of logs to other daemons and takes theirs, until life ends. These are plain messages, which nothing stores: who
// misses one gets the next.
func (q *Queue) share(life context.Context) error {
	_, err := q.nc.Subscribe(q.o.Prefix+".live.*.*", func(m *nats.Msg) {
		instance, id, _ := strings.Cut(strings.TrimPrefix(m.Subject, q.o.Prefix+".live."), ".")
		if instance != q.instance {
			q.live.put(id, m.Data)
		}
	})
	if err == nil {
		_, err = q.nc.Subscribe(q.o.Prefix+".logged.*", func(m *nats.Msg) {
			q.logs.ring(strings.TrimPrefix(m.Subject, q.o.Prefix+".logged."))
		})
	}
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	q.running.Go(func() {
		for {
			select {
			case <-life.Done():
				return
			case <-q.live.wake:
			}
			for id, progress := range q.live.unsent() {
				if err := q.nc.Publish(q.o.Prefix+".live."+q.instance+"."+id, progress); err != nil && life.Err() == nil {
					q.o.Warn(fmt.Sprintf("transfer %s: progress: %v", id, err))
				}
			}
		}
	})
	return nil
}

// Live yields the latest state of a transfer, whichever daemon runs it, until ctx ends or the transfer has: its final state is the last one.
// Who is slow gets the latest only.
func (q *Queue) Live(ctx context.Context, id string) iter.Seq2[work.Live, error] {
	return func(yield func(work.Live, error) bool) {
		for q.liveOnce(ctx, id, yield) {
		}
	}
}

// liveOnce yields the present state and waits for another one. false: that was the last.
func (q *Queue) liveOnce(ctx context.Context, id string, yield func(work.Live, error) bool) bool {
	progressed, done := q.live.changed.wait(id)
	defer done()
	changed, done := q.view.changed.wait(id)
	defer done()
	t, ok := q.view.get(id)
	if !ok {
		yield(work.Live{}, fmt.Errorf("transfer %s: %w", id, work.ErrNotFound))
		return false
	}
	if !yield(work.Live{Transfer: t, Progress: q.live.get(id)}, nil) || t.State.Final() {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-progressed:
	case <-changed:
	}
	return true
}
