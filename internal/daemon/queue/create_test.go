package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgsluice/internal/daemon/work"
)

func TestNumbersAreUnique(t *testing.T) {
	t.Parallel()
	url := external(t)
	queues := []*Queue{open(t, Options{URL: url}), open(t, Options{URL: url})}
	const each = 50
	var all sync.WaitGroup
	var mu sync.Mutex
	var numbers []uint64
	for _, q := range queues {
		for range 2 {
			all.Go(func() {
				for range each {
					made, err := q.Create(soon(t), work.Transfer{Spec: work.Spec{Kind: work.Dump, Source: "prod", Target: "disk"}})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					numbers = append(numbers, made.Number)
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	slices.Sort(numbers)
	if len(slices.Compact(numbers)) != 4*each {
		t.Errorf("%d different numbers, want %d", len(slices.Compact(numbers)), 4*each)
	}
	if n := messages(t, queues[0]); n != 4*each {
		t.Errorf("%d messages, want %d", n, 4*each)
	}
}

// The process dies between any two steps of Create: nothing, or the transfer once.
func TestCreateDies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, Options{Dir: dir})
	x := work.Transfer{Spec: work.Spec{Kind: work.Copy, Source: "prod", Target: "a"}}

	if err := q.name(soon(t), &x); err != nil {
		t.Fatal(err)
	}
	numbered := open(t, Options{Dir: copyDir(t, dir)})
	if list := must[[]work.Transfer](t)(numbered.List(soon(t), work.Filter{})); len(list) != 0 {
		t.Errorf("a transfer that was only numbered is there: %+v", list)
	}
	if next := create(t, numbered, "b"); next.ID != "c002" {
		t.Errorf("the next transfer is %s, want c002", next.ID)
	}

	text, err := json.Marshal(record{Transfer: x})
	if err != nil {
		t.Fatal(err)
	}
	must[uint64](t)(q.transfers.Create(soon(t), x.ID, text))
	stored := open(t, Options{Dir: copyDir(t, dir)})
	if n := messages(t, stored); n != 1 {
		t.Errorf("%d messages, want that of the stored transfer", n)
	}
	finish(t, take(t, stored, x.ID))
	if err := stored.heal(soon(t)); err != nil {
		t.Fatal(err)
	}
	if n := messages(t, stored); n != 0 {
		t.Errorf("%d messages behind its end", n)
	}
}

// A tick makes its transfer once: whoever asks, and whenever who asked first died.
func TestTickOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		at := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)
		x := work.Transfer{Schedule: "nightly prod", Spec: work.Spec{Kind: work.Dump, Source: "prod", Target: "disk"}}
		var all sync.WaitGroup
		var mu sync.Mutex
		firsts, got := 0, map[string]int{}
		for range 8 {
			all.Go(func() {
				made, first, err := q.Tick(soon(t), at, x)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				got[made.ID]++
				if first {
					firsts++
				}
			})
		}
		all.Wait()
		if len(got) != 1 || firsts != 1 {
			t.Fatalf("the tick made %v, %d were first", got, firsts)
		}
		list := must[[]work.Transfer](t)(q.List(soon(t), work.Filter{}))
		if len(list) != 1 || list[0].ID[0] != 'a' || messages(t, q) != 1 {
			t.Fatalf("transfers: %+v, %d messages", list, messages(t, q))
		}
		next, first, err := q.Tick(soon(t), at.Add(time.Minute), x)
		if err != nil || !first || next.ID == list[0].ID {
			t.Fatalf("the next tick: %v, %v, %v", next, first, err)
		}
	})
}

func TestTickDies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, Options{Dir: dir})
	at := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
	x := work.Transfer{Schedule: "s", Spec: work.Spec{Kind: work.Copy, Source: "prod", Target: "a"}}
	named := x
	if err := q.name(soon(t), &named); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(tick{Transfer: named})
	if err != nil {
		t.Fatal(err)
	}
	must[uint64](t)(q.ticks.Create(soon(t), fmt.Sprintf("s.%d", at.Unix()), text))

	again := open(t, Options{Dir: copyDir(t, dir)})
	for range 2 {
		made, first, err := again.Tick(soon(t), at, x)
		if err != nil || first || made.ID != named.ID {
			t.Fatalf("tick: %+v, %v, %v", made, first, err)
		}
	}
	finish(t, take(t, again, named.ID))
	must[*work.Transfer](t)(again.Get(soon(t), named.ID))
	// forgotten since: the tick is still one that was made
	if err := again.transfers.Purge(soon(t), named.ID); err != nil {
		t.Fatal(err)
	}
	if made, _, err := again.Tick(soon(t), at, x); err != nil || made.ID != named.ID {
		t.Fatalf("tick: %+v, %v", made, err)
	}
	if _, err := again.Get(soon(t), named.ID); !errors.Is(err, work.ErrNotFound) {
		t.Errorf("the forgotten transfer: %v", err)
	}
}

func TestUpdateIsCompareAndSet(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		create(t, q, "a")
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 10 {
					if _, err := q.Update(soon(t), "c001", func(x *work.Transfer) error { x.Totals.Rows++; return nil }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if got := must[*work.Transfer](t)(q.Get(soon(t), "c001")); got.Totals.Rows != 100 {
			t.Errorf("%d of 100 changes are there", got.Totals.Rows)
		}
		refused := errors.New("no")
		if _, err := q.Update(soon(t), "c001", func(*work.Transfer) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("Update: %v", err)
		}
		must[*work.Transfer](t)(q.Update(soon(t), "c001", state(work.Failed)))
		var conflict *work.Conflict
		if _, err := q.Update(soon(t), "c001", state(work.Running)); !errors.As(err, &conflict) {
			t.Errorf("a failed transfer runs: %v", err)
		}
		for _, id := range []string{"c999", "", "../x", "c001.>", "*"} {
			if _, err := q.Get(soon(t), id); !errors.Is(err, work.ErrNotFound) {
				t.Errorf("Get(%q): %v", id, err)
			}
		}
	})
}
