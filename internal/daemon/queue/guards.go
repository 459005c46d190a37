package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

func guardKey(database string) string { return "guard." + word(database) }

// Hold lets a transfer use a database if fewer than most others do; who has it already keeps it. false: wait for one to Release it. A
// holder that is final, or forgotten, holds nothing: its daemon died before it could Release.
func (q *Queue) Hold(ctx context.Context, database, id string, most int) (bool, error) {
	held := false
	err := q.changeGuard(ctx, database, func(holders []string) ([]string, error) {
		if held = slices.Contains(holders, id); held {
			return holders, nil
		}
		if len(holders) >= most {
			var err error
			if holders, err = q.unfinished(ctx, holders); err != nil {
				return nil, err
			}
		}
		if held = len(holders) < most; held {
			holders = append(holders, id)
		}
		return holders, nil
	})
	if err != nil {
		return false, fmt.Errorf("database %s: hold for %s: %w", database, id, err)
	}
	return held, nil
}

// Release ends what Hold began; nothing happens if it has.
func (q *Queue) Release(ctx context.Context, database, id string) error {
	err := q.changeGuard(ctx, database, func(holders []string) ([]string, error) {
		return slices.DeleteFunc(holders, func(h string) bool { return h == id }), nil
	})
	if err != nil {
		return fmt.Errorf("database %s: release of %s: %w", database, id, err)
	}
	return nil
}

// Holders are the transfers that use a database.
func (q *Queue) Holders(ctx context.Context, database string) ([]string, error) {
	holders, _, err := q.guard(ctx, database)
	if err != nil {
		return nil, fmt.Errorf("database %s: holders: %w", database, err)
	}
	return holders, nil
}

// unfinished are the holders that can still hold something.
func (q *Queue) unfinished(ctx context.Context, holders []string) ([]string, error) {
	var still []string
	for _, id := range holders {
		switch t, err := q.Get(ctx, id); {
		case errors.Is(err, work.ErrNotFound), err == nil && t.State.Final():
		case err != nil:
			return nil, err
		default:
			still = append(still, id)
		}
	}
	return still, nil
}

// guard reads who uses a database.
func (q *Queue) guard(ctx context.Context, database string) (holders []string, revision uint64, err error) {
	entry, err := q.state.Get(ctx, guardKey(database))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	return holders, entry.Revision(), json.Unmarshal(entry.Value(), &holders)
}

// changeGuard changes it by compare-and-set; what is as before is not stored.
func (q *Queue) changeGuard(ctx context.Context, database string, change func([]string) ([]string, error)) error {
	for {
		before, revision, err := q.guard(ctx, database)
		if err != nil {
			return err
		}
		after, err := change(slices.Clone(before))
		if err != nil || slices.Equal(before, after) {
			return err
		}
		text, err := json.Marshal(after)
		if err != nil {
			return err
		}
		_, err = q.state.Update(ctx, guardKey(database), text, revision)
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}
