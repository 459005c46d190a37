package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// record is a transfer as it is stored.
type record struct {
	Transfer work.Transfer `json:"transfer"`
	// Lease counts the deliveries: the one with the latest number has the transfer.
	Lease uint64 `json:"lease"`
}

var ids = regexp.MustCompile(`^[a-z][0-9]{1,19}$`)

// load reads a transfer's record, its text and its revision.
func (q *Queue) load(ctx context.Context, id string) (*record, []byte, uint64, error) {
	if !ids.MatchString(id) {
		return nil, nil, 0, work.ErrNotFound
	}
	entry, err := q.transfers.Get(ctx, id)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil, 0, work.ErrNotFound
	}
	if err != nil {
		return nil, nil, 0, err
	}
	var r record
	if err := json.Unmarshal(entry.Value(), &r); err != nil {
		return nil, nil, 0, fmt.Errorf("record: %w", err)
	}
	return &r, entry.Value(), entry.Revision(), nil
}

// change changes a record by compare-and-set. fn is called again with the newer one if another was quicker.
func (q *Queue) change(ctx context.Context, id string, fn func(*record) error) (*record, error) {
	for {
		r, before, revision, err := q.load(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("transfer %s: %w", id, err)
		}
		old := r.Transfer
		if err := fn(r); err != nil {
			return nil, err
		}
		r.Transfer.ID, r.Transfer.Number = old.ID, old.Number
		if old.State.Final() && r.Transfer.State != old.State {
			return nil, &work.Conflict{Message: fmt.Sprintf("transfer %s is %s", id, old.State)}
		}
		after, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("transfer %s: %w", id, err)
		}
		if bytes.Equal(before, after) {
			return r, nil
		}
		revision, err = q.transfers.Update(ctx, id, after, revision)
		if errors.Is(err, jetstream.ErrKeyExists) {
			if err := pause(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("transfer %s: %w", id, err)
		}
		return r, q.changed(ctx, id, before, after, revision)
	}
}

// changed shows a record that was stored to readers, and logs what they should know of it.
func (q *Queue) changed(ctx context.Context, id string, before, after []byte, revision uint64) error {
	if err := q.view.put(after, revision); err != nil {
		return fmt.Errorf("transfer %s: %w", id, err)
	}
	was, err := logged(before)
	if err != nil {
		return fmt.Errorf("transfer %s: %w", id, err)
	}
	is, err := logged(after)
	if err != nil {
		return fmt.Errorf("transfer %s: %w", id, err)
	}
	if bytes.Equal(was, is) {
		return nil
	}
	// the record is what counts: of a final state that did not get into the log its first reader takes care
	if err := q.logState(ctx, id, after); err != nil {
		q.o.Warn(fmt.Sprintf("transfer %s: log: %v", id, err))
	}
	return nil
}

// logged is the part of a record whose changes go to the log: all of the transfer but what moves.
func logged(text []byte) ([]byte, error) {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	r.Lease, r.Transfer.Totals, r.Transfer.Warnings = 0, work.Totals{}, 0
	return json.Marshal(r)
}

// pause is a moment, of random length, before something is tried again in which another was quicker.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(rand.N(5 * time.Millisecond)):
		return nil
	}
}

// Get returns a transfer or work.ErrNotFound.
func (q *Queue) Get(ctx context.Context, id string) (*work.Transfer, error) {
	r, _, _, err := q.load(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("transfer %s: %w", id, err)
	}
	return &r.Transfer, nil
}

// Update changes a transfer by compare-and-set: change may be called again with a newer state. Its error is returned as it is, and nothing
// is stored. Changes of anything but Totals and Warnings are logged as events named state. A final transfer may still be changed
// (Expired), but not its state: that is a *work.Conflict.
func (q *Queue) Update(ctx context.Context, id string, change func(*work.Transfer) error) (*work.Transfer, error) {
	r, err := q.change(ctx, id, func(r *record) error { return change(&r.Transfer) })
	if err != nil {
		return nil, err
	}
	return &r.Transfer, nil
}
