package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"pgsluice/internal/progress"
)

// EventSchema and EventVersion name the form of the events, described in `pgsluice help progress`. The version rises
// when a field changes its meaning or goes away; new fields and new events don't raise it.
const (
	EventSchema  = "pgsluice/progress"
	EventVersion = 1
)

// EventOptions say how a running transfer is followed as events. The zero value is the default.
type EventOptions struct {
	Every time.Duration // between two progress events; default 1 s
	Grace time.Duration // how long stop waits for a blocked writer; default 1 s
}

func (o EventOptions) withDefaults() EventOptions {
	o.Every = cmp.Or(o.Every, time.Second)
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	return o
}

// FollowJSON writes events about a transfer to w while it runs, one JSON object a line: what `pgsluice help progress`
// describes. Each Write is of whole lines.
//
// It has a goroutine of its own, like Follow, and ends like it. While w blocks, progress events are skipped, and nothing
// is queued. When it goes on, tasks that have started and ended, warnings, failures and the like are all told: the
// tracker holds them anyway. The last line is an end event, unless w fails or still blocks when stop gives up.
func FollowJSON(ctx context.Context, feed *progress.Feed, w io.Writer, o EventOptions) (stop func()) {
	o = o.withDefaults()
	e := newEvents(w, o.Every)
	return subscribe(ctx, feed, o.Grace, e.see)
}

// events turns successive snapshots into events. It remembers what it has told.
type events struct {
	w     io.Writer
	every time.Duration

	pending []pending // those of the snapshot at hand
	buffer  bytes.Buffer

	begun, planned bool
	phases         [len(progress.Snapshot{}.Phases)]progress.State // as last told
	told           time.Time                                       // when progress was last told
	steps          int
	leftOut        int
	warnings       int
	ends           []taskEnd // told, in order
	retried        int
	running        map[int]progress.RunningTask // started and not ended, as far as told; as last seen
	blocked        map[int]blockade
	stalled        int
	heldUp         map[heldUpKey]time.Duration
	freed          int
}

// pending is an event to be written: its fields are made when its turn comes, so that thousands don't take memory at once.
type pending struct {
	at     time.Duration
	name   string
	fields func(eventHead) any
}

// writeAt is how much is gathered for one Write.
const writeAt = 32 << 10

func newEvents(w io.Writer, every time.Duration) *events {
	return &events{w: w, every: every, running: map[int]progress.RunningTask{}, blocked: map[int]blockade{}, heldUp: map[heldUpKey]time.Duration{}}
}

func (e *events) see(s progress.Snapshot, ended bool) error {
	e.begin(s)
	e.lists(s)
	e.retries(s)
	e.tasks(s)
	e.stuck(s)
	// What happened in between is told in the order in which it happened.
	slices.SortStableFunc(e.pending, func(a, b pending) int { return cmp.Compare(a.at, b.at) })
	e.progress(s, ended)
	if ended {
		e.add(s.Elapsed, "end", func(h eventHead) any { return endOf(h, s) })
	}
	return e.write()
}

func (e *events) add(at time.Duration, name string, fields func(eventHead) any) {
	e.pending = append(e.pending, pending{at, name, fields})
}

func (e *events) write() error {
	encoder := json.NewEncoder(&e.buffer)
	encoder.SetEscapeHTML(false)
	for _, p := range e.pending {
		head := eventHead{Schema: EventSchema, Version: EventVersion, Event: p.name, AtSeconds: seconds(p.at)}
		if err := encoder.Encode(p.fields(head)); err != nil {
			return fmt.Errorf("encode event: %w", err)
		}
		if e.buffer.Len() >= writeAt {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	e.pending = nil
	return e.flush()
}

func (e *events) flush() error {
	if e.buffer.Len() == 0 {
		return nil
	}
	_, err := e.w.Write(e.buffer.Bytes())
	e.buffer.Reset()
	return err
}
