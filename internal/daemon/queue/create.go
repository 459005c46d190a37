package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// Create gives a transfer its Number, its ID, Created (if zero), the state Pending and the wish WantRun, stores and enqueues it. Once it is
// stored it will be enqueued: if this process dies in between, by the next Open.
func (q *Queue) Create(ctx context.Context, t work.Transfer) (*work.Transfer, error) {
	if err := q.name(ctx, &t); err != nil {
		return nil, fmt.Errorf("new transfer: %w", err)
	}
	return q.store(ctx, t)
}

// name makes a new transfer of t, with a number that no other has. One that is not stored then leaves a gap.
func (q *Queue) name(ctx context.Context, t *work.Transfer) error {
	number, err := q.next(ctx)
	if err != nil {
		return err
	}
	t.Number, t.ID = number, work.ID(t.Spec.Kind, number, t.Schedule != "")
	t.State, t.Want = work.Pending, work.WantRun
	if t.Created.IsZero() {
		t.Created = time.Now().UTC()
	}
	return nil
}

// next takes the next number, by compare-and-set.
func (q *Queue) next(ctx context.Context) (uint64, error) {
	for {
		var number, revision uint64
		entry, err := q.state.Get(ctx, "number")
		switch {
		case err == nil:
			revision = entry.Revision()
			if number, err = strconv.ParseUint(string(entry.Value()), 10, 64); err != nil {
				return 0, fmt.Errorf("the number of the last one: %w", err)
			}
		case !errors.Is(err, jetstream.ErrKeyNotFound):
			return 0, err
		}
		number++
		_, err = q.state.Update(ctx, "number", strconv.AppendUint(nil, number, 10), revision)
		if err == nil {
			return number, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return 0, err
		}
		if err := pause(ctx); err != nil {
			return 0, err
		}
	}
}

// store stores a new transfer, or finds it stored, and enqueues it.
func (q *Queue) store(ctx context.Context, t work.Transfer) (*work.Transfer, error) {
	text, err := json.Marshal(record{Transfer: t})
	if err != nil {
		return nil, fmt.Errorf("transfer %s: %w", t.ID, err)
	}
	revision, err := q.transfers.Create(ctx, t.ID, text)
	switch {
	case errors.Is(err, jetstream.ErrKeyExists): // a tick that another has seen too
		return q.Get(ctx, t.ID)
	case err != nil:
		return nil, fmt.Errorf("transfer %s: %w", t.ID, err)
	}
	if err := q.changed(ctx, t.ID, []byte("{}"), text, revision); err != nil {
		return nil, err
	}
	return &t, q.Enqueue(ctx, t.ID)
}

// Enqueue lets a transfer be taken (again); nothing happens if it is in the queue already, or in work.
func (q *Queue) Enqueue(ctx context.Context, id string) error {
	_, err := q.js.Publish(ctx, q.subject("work", id), nil)
	var refused *jetstream.APIError
	if errors.As(err, &refused) && refused.ErrorCode == codeStoreFailed {
		return nil // "maximum messages per subject exceeded": it has its message
	}
	if err != nil {
		return fmt.Errorf("transfer %s: enqueue: %w", id, err)
	}
	return nil
}

// codeStoreFailed is JSStreamStoreFailedF of the server's errors.json, which nats.go has no name for.
const codeStoreFailed jetstream.ErrorCode = 10077

// heal enqueues what should be in the queue and is not: its process died between storing and enqueuing, or at the end of a pause.
func (q *Queue) heal(ctx context.Context) error {
	waiting := q.view.unfinished()
	if len(waiting) == 0 {
		return nil
	}
	info, err := q.work.Info(ctx, jetstream.WithSubjectFilter(q.subject("work", ">")))
	if err != nil {
		return fmt.Errorf("the queue: %w", err)
	}
	for _, t := range waiting {
		resting := t.State == work.Paused && t.Want == work.WantPause
		if resting || info.State.Subjects[q.subject("work", t.ID)] > 0 {
			continue
		}
		if err := q.Enqueue(ctx, t.ID); err != nil {
			return err
		}
	}
	return nil
}
