package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// lookAgain is how long a reader of a log trusts that it is told of news: a message between daemons may be lost with its connection.
const lookAgain = 5 * time.Second

// Append logs an event; its Number is given here, At if it is zero. It is at most 256 KiB. Old ones vanish: of a transfer behind 4,000, of all
// behind 512 MiB. Append what belongs before the final state before that is stored: readers end with it.
func (q *Queue) Append(ctx context.Context, id string, e work.Event) error {
	return q.append(ctx, id, e)
}

func (q *Queue) append(ctx context.Context, id string, e work.Event, o ...jetstream.PublishOpt) error {
	if e.At.IsZero() {
		e.At = time.Now().UTC()
	}
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("transfer %s: event %s: %w", id, e.Name, err)
	}
	if len(text) > maxEvent {
		return fmt.Errorf("transfer %s: event %s: %d bytes are too many for the log", id, e.Name, len(text))
	}
	if _, err := q.js.Publish(ctx, q.subject("events", id), text, o...); err != nil {
		return fmt.Errorf("transfer %s: event %s: %w", id, e.Name, err)
	}
	q.logs.ring(id)
	if err := q.nc.Publish(q.o.Prefix+".logged."+id, nil); err != nil {
		return fmt.Errorf("transfer %s: event %s: %w", id, e.Name, err)
	}
	return nil
}

// logState logs a record's transfer, a final state once.
func (q *Queue) logState(ctx context.Context, id string, text []byte) error {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	data, err := json.Marshal(r.Transfer)
	if err != nil {
		return err
	}
	e := work.Event{Name: "state", Data: data}
	if !r.Transfer.State.Final() {
		return q.append(ctx, id, e)
	}
	for {
		last, err := q.lastEvent(ctx, id)
		if err != nil || final(last) {
			return err
		}
		err = q.append(ctx, id, e, jetstream.WithExpectLastSequencePerSubject(last.Number))
		if !errors.Is(err, jetstream.ErrKeyExists) { // a wrong last sequence, whatever its name: another was quicker
			return err
		}
	}
}

// final reports whether an event is that of a final state.
func final(e *work.Event) bool {
	if e.Name != "state" {
		return false
	}
	var t struct{ State work.State }
	return json.Unmarshal(e.Data, &t) == nil && t.State.Final()
}

// lastEvent is the newest of a transfer's; one with the number 0 if there is none.
func (q *Queue) lastEvent(ctx context.Context, id string) (*work.Event, error) {
	m, err := q.events.GetLastMsgForSubject(ctx, q.subject("events", id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return &work.Event{}, nil
	}
	return event(m, err)
}

// eventFrom is the first of a transfer's whose number is at least from; work.ErrNotFound if there is none.
func (q *Queue) eventFrom(ctx context.Context, id string, from uint64) (*work.Event, error) {
	m, err := q.events.GetMsg(ctx, from, jetstream.WithGetMsgSubject(q.subject("events", id)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, work.ErrNotFound
	}
	return event(m, err)
}

func event(m *jetstream.RawStreamMsg, err error) (*work.Event, error) {
	if err != nil {
		return nil, err
	}
	var e work.Event
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return nil, fmt.Errorf("event %d: %w", m.Sequence, err)
	}
	e.Number = m.Sequence
	return &e, nil
}

// Events yields the log of a transfer behind the event with the number after, then what comes, until ctx ends or the final state was
// yielded. Each reader asks for the next event when it has handled the last one, so that nothing waits for it; what has vanished in the
// meantime is left out.
func (q *Queue) Events(ctx context.Context, id string, after uint64) iter.Seq2[work.Event, error] {
	return func(yield func(work.Event, error) bool) {
		for ctx.Err() == nil {
			e, err := q.nextEvent(ctx, id, after)
			if err != nil && ctx.Err() == nil {
				yield(work.Event{}, fmt.Errorf("transfer %s: log: %w", id, err))
			}
			if err != nil || e == nil {
				return
			}
			after = e.Number
			if !yield(*e, nil) || final(e) {
				return
			}
		}
	}
}

// nextEvent waits for the next event; nil if there will be none, or ctx ends.
func (q *Queue) nextEvent(ctx context.Context, id string, after uint64) (*work.Event, error) {
	for ctx.Err() == nil {
		news, done := q.logs.wait(id)
		e, err := q.lookForEvent(ctx, id, after)
		if !errors.Is(err, errNoneYet) {
			done()
			return e, err
		}
		select {
		case <-ctx.Done():
		case <-news:
		case <-time.After(lookAgain):
		}
		done()
	}
	return nil, nil
}

var errNoneYet = errors.New("no event yet")

// lookForEvent returns the next event, nil if there will be none, or errNoneYet. Of a final transfer the last event may be missing, because a
// process died before it was written, or because it is too old: then it is written now.
func (q *Queue) lookForEvent(ctx context.Context, id string, after uint64) (*work.Event, error) {
	t, ok := q.view.get(id)
	if !ok {
		return nil, work.ErrNotFound
	}
	e, err := q.eventFrom(ctx, id, after+1)
	if !errors.Is(err, work.ErrNotFound) {
		return e, err
	}
	if !t.State.Final() {
		return nil, errNoneYet
	}
	text, err := json.Marshal(record{Transfer: t})
	if err != nil {
		return nil, err
	}
	if err := q.logState(ctx, id, text); err != nil {
		return nil, err
	}
	e, err = q.eventFrom(ctx, id, after+1)
	if errors.Is(err, work.ErrNotFound) {
		err = nil // the reader has had the last one, and e is nil
	}
	return e, err
}
