package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"

	"go.uber.org/zap"

	"pgsluice/internal/daemon/work"
)

// journal takes the events of a transfer, one JSON object a line, as report.FollowJSON writes them: progress goes to who watches, all else into
// the log. A log that is slower than the transfer holds nobody up: what comes of small tasks is left out then.
type journal struct {
	run     *run
	samples samples // Write's

	mu      sync.Mutex
	changed *sync.Cond
	waiting []work.Event
	left    int // out, since it was last told
	closed  bool
	done    chan struct{}
}

// mostWaiting is how many events may wait for the log. The tracker's lists hold them, too.
const mostWaiting = 2000

func newJournal(r *run) *journal {
	j := &journal{run: r, done: make(chan struct{})}
	j.changed = sync.NewCond(&j.mu)
	go j.append()
	return j
}

// Write takes whole lines. It never waits and never fails.
func (j *journal) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		data, err := j.run.hider.json(bytes.TrimSuffix(bytes.Clone(line), []byte("\n")))
		var head struct{ Event string }
		if err == nil {
			err = json.Unmarshal(data, &head)
		}
		if err != nil {
			j.run.engine.Log.Error("event", zap.Error(err))
			continue
		}
		if head.Event == "progress" || head.Event == "end" {
			j.run.engine.Queue.PutLive(j.run.delivery.ID, data)
			if sample, ok := j.samples.take(data); ok {
				j.put(work.Event{Name: work.EventSample, Data: sample})
			}
		}
		if head.Event != "progress" {
			j.put(work.Event{Name: head.Event, Data: data})
		}
	}
	return len(p), nil
}

func (j *journal) put(e work.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) >= mostWaiting && strings.HasPrefix(e.Name, "task_") {
		j.left++
		return
	}
	j.waiting = append(j.waiting, e)
	j.changed.Signal()
}

// append writes what waits into the log, in order.
func (j *journal) append() {
	defer close(j.done)
	for {
		e, ok := j.next()
		if !ok {
			return
		}
		ctx, cancel := recording(context.Background())
		err := j.run.engine.Queue.Append(ctx, j.run.delivery.ID, e)
		cancel()
		if err != nil {
			j.run.engine.Log.Warn("log", zap.Error(err))
		}
	}
}

func (j *journal) next() (e work.Event, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.waiting) == 0 && !j.closed {
		j.changed.Wait()
	}
	if len(j.waiting) == 0 {
		return work.Event{}, false
	}
	e = j.waiting[0]
	j.waiting = j.waiting[1:]
	return e, true
}

// close returns when all is in the log.
func (j *journal) close() {
	j.mu.Lock()
	j.closed = true
	left := j.left
	j.changed.Signal()
	j.mu.Unlock()
	<-j.done
	if left > 0 {
		j.run.engine.Log.Info("events left out of a log", zap.String("id", j.run.delivery.ID), zap.Int("events", left))
	}
}
