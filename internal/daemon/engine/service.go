package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"pgsluice/internal/daemon/work"
)

// Ready is work.Service's.
func (e *Engine) Ready(ctx context.Context) error { return e.Queue.Ready(ctx) }

// Create is work.Service's.
func (e *Engine) Create(ctx context.Context, s work.Spec, by string) (*work.Transfer, error) {
	if err := e.check(ctx, s); err != nil {
		return nil, err
	}
	return e.Queue.Create(ctx, work.Transfer{Spec: s, By: by})
}

// Transfers is work.Service's.
func (e *Engine) Transfers(ctx context.Context, f work.Filter) ([]work.Transfer, error) {
	return e.Queue.List(ctx, f)
}

// Transfer is work.Service's.
func (e *Engine) Transfer(ctx context.Context, id string) (*work.Transfer, error) {
	return e.Queue.Get(ctx, id)
}

// Report is work.Service's.
func (e *Engine) Report(ctx context.Context, id string) (json.RawMessage, error) {
	return e.Queue.Report(ctx, id)
}

// Events is work.Service's.
func (e *Engine) Events(ctx context.Context, id string, after uint64) iter.Seq2[work.Event, error] {
	return e.Queue.Events(ctx, id, after)
}

// Live is work.Service's.
func (e *Engine) Live(ctx context.Context, id string) iter.Seq2[work.Live, error] {
	return e.Queue.Live(ctx, id)
}

// All is work.Service's.
func (e *Engine) All(ctx context.Context) iter.Seq2[work.Transfer, error] { return e.Queue.Watch(ctx) }

// Stores is work.Service's.
func (e *Engine) Stores(ctx context.Context) ([]work.Store, error) {
	all := []work.Store{}
	c := e.Config()
	for _, s := range c.Stores() {
		store, err := e.store(c, s.Name)
		if err != nil {
			return nil, err
		}
		files, err := store.List(ctx)
		if err != nil {
			return nil, fmt.Errorf("store %s: %w", s.Name, err)
		}
		one := work.Store{Name: s.Name, Files: len(files), Free: -1}
		for _, f := range files {
			one.Bytes += f.Bytes
		}
		if free, err := store.Free(ctx); err == nil {
			one.Free = free
		}
		all = append(all, one)
	}
	return all, nil
}

// Databases is work.Service's.
func (e *Engine) Databases(ctx context.Context) ([]work.Database, error) {
	all := []work.Database{}
	now := e.Now()
	for _, db := range e.Config().Databases() {
		one := work.Database{
			Name: db.Name, NeverTarget: db.NeverTarget, MaxStreams: db.MaxStreams, RateLimit: db.RateLimit,
			Window: db.Window.String(), WindowOpen: db.Window.Open(now),
		}
		e.looks.fill(&one)
		last, err := e.Queue.List(ctx, work.Filter{States: []work.State{work.Completed}, Database: db.Name, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			one.LastID, one.LastEnded = last[0].ID, *last[0].Ended
		}
		all = append(all, one)
	}
	return all, nil
}
