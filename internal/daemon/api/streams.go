package api

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pgsluice/internal/daemon/work"
)

type eventsQuery struct {
	TransferPath
	After  uint64 `query:"after" doc:"Only events behind the one with this number." example:"41"`
	LastID uint64 `header:"Last-Event-ID" doc:"The same, as clients of event streams say it when they come again." example:"41"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"Of JSON: how many at most." example:"100"`
	Accept string `header:"Accept" doc:"text/event-stream for a stream, else JSON." example:"text/event-stream"`
}

func (v *server) streams() {
	huma.Register(v.api, streaming(operation("log-transfer", http.MethodGet, "/v1/transfers/{id}/events", "Log of a transfer",
		"With Accept: text/event-stream, what has happened and then what happens, until the transfer's final state was sent; each event's id is its number, "+
			"its event field its name. Otherwise a page of what has happened: an empty one says that there is nothing yet behind the event after.",
		http.StatusOK), "log"), v.events)
	huma.Register(v.api, streaming(operation("watch-transfer", http.MethodGet, "/v1/transfers/{id}/live", "Watch a transfer",
		"Events named live, the latest state at a time: a reader who is slow misses those between. It ends behind the final state.",
		http.StatusOK), "live"), func(ctx context.Context, in *TransferPath) (*huma.StreamResponse, error) {
		if _, err := v.work.Transfer(ctx, in.ID); err != nil {
			return nil, v.failure(ctx, err, "")
		}
		return v.stream(ctx, func(ctx context.Context) iter.Seq2[message, error] {
			return messages(v.work.Live(ctx, in.ID), func(l work.Live) message { return message{name: "live", data: l} })
		})
	})
	huma.Register(v.api, streaming(operation("watch-transfers", http.MethodGet, "/v1/live", "Watch all transfers",
		"Events named transfer: first all transfers as they are, then those that change. It ends with the connection.",
		http.StatusOK), "transfer"), func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		return v.stream(ctx, func(ctx context.Context) iter.Seq2[message, error] {
			return messages(v.work.All(ctx), func(t work.Transfer) message { return message{name: "transfer", data: t} })
		})
	})
}

// quiet is how long a log may have no news until a page of it ends: what has happened already comes in far less.
const quiet = 250 * time.Millisecond

func (v *server) events(ctx context.Context, in *eventsQuery) (*huma.StreamResponse, error) {
	if _, err := v.work.Transfer(ctx, in.ID); err != nil {
		return nil, v.failure(ctx, err, "")
	}
	after := max(in.After, in.LastID)
	if wantsStream(in.Accept) {
		return v.stream(ctx, func(ctx context.Context) iter.Seq2[message, error] {
			return messages(v.work.Events(ctx, in.ID, after), func(e work.Event) message {
				return message{id: e.Number, name: e.Name, data: e}
			})
		})
	}
	page, err := v.eventPage(ctx, in.ID, after, in.Limit)
	if err != nil {
		return nil, v.failure(ctx, err, "")
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", "application/json")
		_ = json.NewEncoder(c.BodyWriter()).Encode(page) // an asker who is gone misses nothing
	}}, nil
}

// eventPage is what has happened behind the event after, up to limit events, or up to where nothing came for a while.
func (v *server) eventPage(ctx context.Context, id string, after uint64, limit int) ([]work.Event, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	silence := time.AfterFunc(quiet, stop)
	defer silence.Stop()
	page := []work.Event{}
	for e, err := range v.work.Events(ctx, id, after) {
		switch {
		case err != nil && ctx.Err() != nil:
			return page, nil
		case err != nil:
			return nil, err
		}
		page = append(page, e)
		if len(page) == limit || !silence.Reset(quiet) {
			break
		}
	}
	return page, nil
}

// message is one of an event stream.
type message struct {
	id   uint64 // 0 is none
	name string
	data any
}

func messages[T any](seq iter.Seq2[T, error], form func(T) message) iter.Seq2[message, error] {
	return func(yield func(message, error) bool) {
		for item, err := range seq {
			var m message
			if err == nil {
				m = form(item)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// stream answers with what open yields, once there is a seat.
func (v *server) stream(ctx context.Context, open func(context.Context) iter.Seq2[message, error]) (*huma.StreamResponse, error) {
	select {
	case v.seats <- struct{}{}:
	default:
		return nil, huma.ErrorWithHeaders(
			huma.NewError(http.StatusServiceUnavailable, "too many streams are open: at most "+strconv.Itoa(cap(v.seats))),
			http.Header{"Retry-After": {"10"}})
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer func() { <-v.seats }()
		v.Streams(1)
		defer v.Streams(-1)
		r, w := unwrapped(c)
		if err := v.send(w, r, open); err != nil && !errors.Is(err, context.Canceled) {
			v.Failed(r, err)
		}
	}}, nil
}
