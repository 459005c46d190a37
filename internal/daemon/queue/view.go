package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"pgsluice/internal/daemon/work"
)

// view is a copy of all transfers in memory, for listing and watching them. What this process stores is in it at once, what other daemons
// store a moment later.
type view struct {
	mu       sync.Mutex
	byID     map[string]*viewed
	byNumber []*viewed // ascending
	watchers map[*watcher]struct{}
	changed  *bell // rung by id
}

type viewed struct {
	transfer work.Transfer
	revision uint64
}

// watcher is a reader of changes: those that it has not seen yet, each once.
type watcher struct {
	dirty map[string]struct{}
	order []string
	wake  chan struct{} // of one: there is something in order
}

func newView() *view {
	return &view{byID: make(map[string]*viewed), watchers: make(map[*watcher]struct{}), changed: newBell()}
}

// put takes a record's text. Older ones than are known change nothing.
func (v *view) put(text []byte, revision uint64) error {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	id := r.Transfer.ID
	v.mu.Lock()
	defer v.mu.Unlock()
	old := v.byID[id]
	switch {
	case old == nil:
		e := &viewed{r.Transfer, revision}
		v.byID[id] = e
		at, _ := slices.BinarySearchFunc(v.byNumber, e, func(a, b *viewed) int { return cmp.Compare(a.transfer.Number, b.transfer.Number) })
		v.byNumber = slices.Insert(v.byNumber, at, e)
	case revision <= old.revision:
		return nil
	default:
		same := reflect.DeepEqual(old.transfer, r.Transfer)
		old.transfer, old.revision = r.Transfer, revision
		if same { // a lease
			return nil
		}
	}
	for w := range v.watchers {
		w.add(id)
	}
	v.changed.ring(id)
	return nil
}

func (v *view) remove(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.byID, id)
	v.byNumber = slices.DeleteFunc(v.byNumber, func(e *viewed) bool { return e.transfer.ID == id })
	v.changed.ring(id)
}

func (v *view) get(id string) (work.Transfer, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e := v.byID[id]; e != nil {
		return e.transfer, true
	}
	return work.Transfer{}, false
}

// last is the highest number; 0 without transfers.
func (v *view) last() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.byNumber) == 0 {
		return 0
	}
	return v.byNumber[len(v.byNumber)-1].transfer.Number
}

// unfinished are the transfers that are not final, oldest first.
func (v *view) unfinished() []work.Transfer {
	return v.choose(func(t *work.Transfer) bool { return !t.State.Final() })
}

// choose returns the transfers that pass, oldest first.
func (v *view) choose(pass func(*work.Transfer) bool) []work.Transfer {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []work.Transfer
	for _, e := range v.byNumber {
		if pass(&e.transfer) {
			found = append(found, e.transfer)
		}
	}
	return found
}

// standstill is how long nothing comes of the transfers until it is an error.
const standstill = 10 * time.Second

// follow fills the view and keeps it up until life ends.
func (q *Queue) follow(ctx, life context.Context) error {
	changes, err := q.transfers.WatchAll(life)
	if err != nil {
		return fmt.Errorf("watch transfers: %w", err)
	}
	// a server that has lost messages waits for them for ever
	patience := time.NewTimer(standstill)
	defer patience.Stop()
	for filled := false; !filled; {
		select {
		case <-ctx.Done():
			return fmt.Errorf("watch transfers: %w", context.Cause(ctx))
		case <-patience.C:
			if q.server != nil {
				return q.damaged("the transfers can't be read")
			}
			return fmt.Errorf("%s does not send the transfers that it has", q.where())
		case entry := <-changes.Updates():
			if filled = entry == nil; filled {
				break
			}
			if err := q.see(entry); err != nil {
				return err
			}
			patience.Reset(standstill)
		}
	}
	q.running.Go(func() {
		for {
			select {
			case <-life.Done():
				return
			case entry := <-changes.Updates():
				if entry == nil { // the connection is closed
					return
				}
				if err := q.see(entry); err != nil {
					q.o.Warn(err.Error())
				}
			}
		}
	})
	return nil
}

func (q *Queue) see(entry jetstream.KeyValueEntry) error {
	if entry.Operation() != jetstream.KeyValuePut {
		q.view.remove(entry.Key())
		return nil
	}
	if err := q.view.put(entry.Value(), entry.Revision()); err != nil {
		return fmt.Errorf("transfer %s: %w", entry.Key(), err)
	}
	return nil
}

// List returns what the filter chooses, newest first. What the transfers point to is shared: change nothing of it.
func (q *Queue) List(_ context.Context, f work.Filter) ([]work.Transfer, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	q.view.mu.Lock()
	defer q.view.mu.Unlock()
	found := []work.Transfer{}
	for _, e := range slices.Backward(q.view.byNumber) {
		t := e.transfer
		switch {
		case len(found) == f.Limit:
			return found, nil
		case f.Before != 0 && t.Number >= f.Before,
			len(f.States) > 0 && !slices.Contains(f.States, t.State),
			f.Database != "" && t.Spec.Source != f.Database && (t.Spec.Target != f.Database || t.Spec.Kind == work.Dump):
		default:
			found = append(found, t)
		}
	}
	return found, nil
}

// Watch yields all transfers, the oldest first, then each that has changed, until ctx ends. Who is slow gets the latest state only.
func (q *Queue) Watch(ctx context.Context) iter.Seq2[work.Transfer, error] {
	return func(yield func(work.Transfer, error) bool) {
		w := q.view.watch()
		defer q.view.unwatch(w)
		for {
			for _, t := range q.view.news(w) {
				if ctx.Err() != nil || !yield(t, nil) {
					return
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-w.wake:
			}
		}
	}
}

// watch begins with all that there is.
func (v *view) watch() *watcher {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := &watcher{dirty: make(map[string]struct{}), wake: make(chan struct{}, 1)}
	for _, e := range v.byNumber {
		w.add(e.transfer.ID)
	}
	v.watchers[w] = struct{}{}
	return w
}

func (v *view) unwatch(w *watcher) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.watchers, w)
}

// add is called under the view's lock.
func (w *watcher) add(id string) {
	if _, ok := w.dirty[id]; ok {
		return
	}
	w.dirty[id] = struct{}{}
	w.order = append(w.order, id)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// news takes a few of what w has not seen: few, so that what has waited long for a slow reader is fresh.
func (v *view) news(w *watcher) []work.Transfer {
	const few = 16
	v.mu.Lock()
	defer v.mu.Unlock()
	var news []work.Transfer
	for len(w.order) > 0 && len(news) < few {
		id := w.order[0]
		w.order = w.order[1:]
		delete(w.dirty, id)
		if e := v.byID[id]; e != nil {
			news = append(news, e.transfer)
		}
	}
	if len(w.order) > 0 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return news
}
