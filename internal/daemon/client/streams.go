package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"pgsluice/internal/daemon/work"
)

// Events is work.Service's.
func (c *Client) Events(ctx context.Context, id string, after uint64) iter.Seq2[work.Event, error] {
	return follow(ctx, c, transferPath(id)+"/events", after, func(e work.Event) bool {
		if e.Name != "state" {
			return false
		}
		var t work.Transfer
		return json.Unmarshal(e.Data, &t) == nil && t.State.Final()
	})
}

// Live is work.Service's.
func (c *Client) Live(ctx context.Context, id string) iter.Seq2[work.Live, error] {
	return follow(ctx, c, transferPath(id)+"/live", 0, func(l work.Live) bool { return l.Transfer.State.Final() })
}

// All is work.Service's. After a stream that broke, the present states come once more.
func (c *Client) All(ctx context.Context) iter.Seq2[work.Transfer, error] {
	return follow(ctx, c, "/v1/live", 0, func(work.Transfer) bool { return false })
}

// The pauses between tries to open a stream again.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
)

// errEnded says that a stream has ended too early: a daemon that ends does that.
var errEnded = errors.New("the stream ended")

// follow yields a stream's items up to the one that is the last. A stream that breaks is opened again behind the event that came last.
func follow[T any](ctx context.Context, c *Client, path string, after uint64, last func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		pause, lostAt := firstPause, time.Time{}
		for {
			over := false
			err := c.stream(ctx, path, after, func(m message) (bool, error) {
				var item T
				if err := json.Unmarshal(m.data, &item); err != nil {
					return false, fmt.Errorf("%s: event: %w", c.base, err)
				}
				pause, lostAt = firstPause, time.Time{}
				after = max(after, m.id)
				over = !yield(item, nil) || last(item)
				return !over, nil
			})
			var none T
			var refused *Refused
			switch {
			case over || ctx.Err() != nil:
				return
			case Reached(err) && (!errors.As(err, &refused) || !refused.passing()):
				yield(none, err)
				return
			case lostAt.IsZero():
				lostAt = time.Now()
			case time.Since(lostAt) > c.o.Patience:
				yield(none, err)
				return
			}
			c.o.Lost(err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause/2 + rand.N(pause)): // not all of them at once
			}
			pause = min(2*pause, lastPause)
		}
	}
}

// stream opens one and hands its messages to take until that returns false. It returns why it ended otherwise, errEnded if nothing else is known.
func (c *Client) stream(ctx context.Context, path string, after uint64, take func(message) (bool, error)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	if after > 0 {
		req.Header.Set("Last-Event-ID", strconv.FormatUint(after, 10))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.refused(resp)
	}
	silent := time.AfterFunc(silence, func() { stop(fmt.Errorf("%s: nothing came for %s", c.base, silence)) })
	defer silent.Stop()
	err = parse(resp.Body, func() { silent.Reset(silence) }, take)
	switch {
	case err == nil:
		return errEnded
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}
