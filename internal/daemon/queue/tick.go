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

// keepTicks is how long it is known of a tick that it was made. A schedule catches up from its Last, so that older ones are never asked for.
const keepTicks = 30 * 24 * time.Hour

// tick says which transfer a schedule's tick has made or, until Made, is to make.
type tick struct {
	Transfer work.Transfer `json:"transfer"`
	Made     bool          `json:"made"`
}

// Tick is Create for a schedule's tick, once for each (t.Schedule, at) whoever asks: all get the same transfer, and first says who has made
// it. Who is told of no transfer, by an error or by dying, asks again for the same tick: it is finished then and not doubled. So a
// schedule's Last is raised behind Tick, not before.
func (q *Queue) Tick(ctx context.Context, at time.Time, t work.Transfer) (made *work.Transfer, first bool, err error) {
	key := word(t.Schedule) + "." + strconv.FormatInt(at.Unix(), 10)
	fail := func(err error) (*work.Transfer, bool, error) {
		return nil, false, fmt.Errorf("schedule %s: tick of %s: %w", t.Schedule, at.UTC().Format(time.RFC3339), err)
	}
	entry, err := q.ticks.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		if err = q.name(ctx, &t); err != nil {
			return fail(err)
		}
		var text []byte
		if text, err = json.Marshal(tick{Transfer: t}); err != nil {
			return fail(err)
		}
		if _, err = q.ticks.Create(ctx, key, text); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
			return fail(err)
		}
		first = err == nil
		entry, err = q.ticks.Get(ctx, key)
	}
	if err != nil {
		return fail(err)
	}
	var k tick
	if err = json.Unmarshal(entry.Value(), &k); err != nil {
		return fail(err)
	}
	if k.Made { // its record may have been forgotten since, and must not be made anew
		return &k.Transfer, first, nil
	}
	if made, err = q.store(ctx, k.Transfer); err != nil {
		return fail(err)
	}
	text, err := json.Marshal(tick{Transfer: k.Transfer, Made: true})
	if err != nil {
		return fail(err)
	}
	if _, err = q.ticks.Put(ctx, key, text); err != nil {
		return fail(err)
	}
	return made, first, nil
}
