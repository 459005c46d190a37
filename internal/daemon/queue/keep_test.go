package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pgsluice/internal/daemon/work"
)

func TestHoldAtMost(t *testing.T) {
	t.Parallel()
	url := external(t)
	queues := []*Queue{open(t, Options{URL: url}), open(t, Options{URL: url})}
	for range 8 {
		create(t, queues[0], "a")
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var held []string
	for i := range 8 {
		all.Go(func() {
			id := fmt.Sprintf("c%03d", i+1)
			ok, err := queues[i%2].Hold(soon(t), "prod/eu 1", id, 3)
			if err != nil {
				t.Error(err)
			}
			if ok {
				mu.Lock()
				held = append(held, id)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(held)
	holders := must[[]string](t)(queues[0].Holders(soon(t), "prod/eu 1"))
	if slices.Sort(holders); len(held) != 3 || !slices.Equal(holders, held) {
		t.Fatalf("%v were let in, %v hold it, want the same three", held, holders)
	}
	q, other := queues[0], "c009"
	create(t, q, "a")
	if ok := must[bool](t)(q.Hold(soon(t), "prod/eu 1", held[0], 3)); !ok {
		t.Error("a holder was refused what it holds")
	}
	if ok := must[bool](t)(q.Hold(soon(t), "prod/eu 1", other, 3)); ok {
		t.Error("a fourth was let in")
	}
	if err := q.Release(soon(t), "prod/eu 1", held[0]); err != nil {
		t.Fatal(err)
	}
	if ok := must[bool](t)(q.Hold(soon(t), "prod/eu 1", other, 3)); !ok {
		t.Error("nobody is let in behind a Release")
	}
	// a holder whose daemon died behind its end
	must[*work.Transfer](t)(q.Update(soon(t), held[1], state(work.Failed)))
	if ok := must[bool](t)(q.Hold(soon(t), "prod/eu 1", held[0], 3)); !ok {
		t.Error("a transfer that has ended keeps others out")
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		create(t, q, "a")
		if _, err := q.Report(soon(t), "c001"); !errors.Is(err, work.ErrNotFound) {
			t.Errorf("before there is one: %v", err)
		}
		noise := make([]byte, 3<<20) // does not compress: several chunks
		for i := range noise {
			noise[i] = byte(rand.Uint32())
		}
		big := must[[]byte](t)(json.Marshal(noise))
		for _, want := range [][]byte{big, []byte(`{}`), big, []byte(`{"id":"c001"}`)} {
			if err := q.PutReport(soon(t), "c001", want); err != nil {
				t.Fatal(err)
			}
			if got := must[json.RawMessage](t)(q.Report(soon(t), "c001")); !bytes.Equal(got, want) {
				t.Fatalf("a report of %d bytes came back as %d", len(want), len(got))
			}
		}
		if err := q.PutReport(soon(t), "c001", make([]byte, maxReport+1)); err == nil {
			t.Error("a report of more than 64 MiB is kept")
		}
	})
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		put := func(s *work.Schedule) (*work.Schedule, error) {
			if s == nil {
				s = &work.Schedule{Cron: "0 3 * * *"}
			}
			s.Retention.Last++
			return s, nil
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for _, name := range []string{"nightly", "Größe / 2 *"} {
					if _, err := q.UpdateSchedule(soon(t), name, put); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		list := must[[]work.Schedule](t)(q.Schedules(soon(t)))
		if len(list) != 2 || list[0].Name != "Größe / 2 *" || list[1].Retention.Last != 10 {
			t.Fatalf("schedules: %+v", list)
		}
		remove := func(*work.Schedule) (*work.Schedule, error) { return nil, nil }
		for range 2 {
			if s, err := q.UpdateSchedule(soon(t), "nightly", remove); s != nil || err != nil {
				t.Fatalf("deleted: %v, %v", s, err)
			}
		}
		if _, err := q.Schedule(soon(t), "nightly"); !errors.Is(err, work.ErrNotFound) {
			t.Errorf("the deleted one: %v", err)
		}
		if s, err := q.UpdateSchedule(soon(t), "nightly", put); err != nil || s.Retention.Last != 1 {
			t.Errorf("made anew: %+v, %v", s, err)
		}
	})
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	q := open(t, Options{Dir: t.TempDir()})
	create(t, q, "a")
	create(t, q, "b")
	must[*work.Transfer](t)(q.Create(soon(t), work.Transfer{Spec: work.Spec{Kind: work.Dump, Source: "prod", Target: "a"}}))
	must[*work.Transfer](t)(q.Update(soon(t), "c001", state(work.Running)))
	for _, c := range []struct {
		f    work.Filter
		want []string
	}{
		{work.Filter{}, []string{"b003", "c002", "c001"}},
		{work.Filter{Limit: 2}, []string{"b003", "c002"}},
		{work.Filter{Before: 3, Limit: 1}, []string{"c002"}},
		{work.Filter{States: []work.State{work.Running, work.Failed}}, []string{"c001"}},
		{work.Filter{Database: "prod"}, []string{"b003", "c002", "c001"}},
		{work.Filter{Database: "a"}, []string{"c001"}}, // of the dump it is a store
		{work.Filter{Database: "x"}, nil},
	} {
		var got []string
		for _, x := range must[[]work.Transfer](t)(q.List(soon(t), c.f)) {
			got = append(got, x.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.f, got, c.want)
		}
	}
}

// The oldest that have ended are forgotten, with all that belongs to them; a dump that can be restored is not.
func TestForget(t *testing.T) {
	t.Parallel()
	q := open(t, Options{Dir: t.TempDir(), History: 2})
	for i := range 6 {
		x := create(t, q, "a")
		d := take(t, q, x.ID)
		if err := q.PutReport(soon(t), x.ID, json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
		must[*work.Transfer](t)(d.Update(soon(t), func(x *work.Transfer) error {
			if i == 0 {
				x.File = "dump.pgs"
			}
			return nil
		}))
		finish(t, d)
	}
	create(t, q, "a")
	if err := q.forget(soon(t)); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, x := range must[[]work.Transfer](t)(q.List(soon(t), work.Filter{})) {
		kept = append(kept, x.ID)
	}
	if want := []string{"c007", "c006", "c005", "c001"}; !slices.Equal(kept, want) {
		t.Fatalf("%v are kept, want %v", kept, want)
	}
	if _, err := q.Report(soon(t), "c002"); !errors.Is(err, work.ErrNotFound) {
		t.Errorf("the report of a forgotten one: %v", err)
	}
	if e := must[*work.Event](t)(q.lastEvent(soon(t), "c002")); e.Number != 0 {
		t.Errorf("the log of a forgotten one has %+v", e)
	}
}

func TestListingIsQuick(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, Options{Dir: dir})
	for range 1000 {
		create(t, q, "a")
	}
	q.Close()
	began := time.Now()
	q = open(t, Options{Dir: dir})
	opened := time.Since(began)
	began = time.Now()
	const times = 100
	for range times {
		if list := must[[]work.Transfer](t)(q.List(soon(t), work.Filter{Limit: 1000})); len(list) != 1000 {
			t.Fatalf("%d transfers", len(list))
		}
	}
	t.Logf("1000 transfers: opened in %v, listed in %v", opened, time.Since(began)/times)
	if each := time.Since(began) / times; each > 20*time.Millisecond {
		t.Errorf("a list of 1000 transfers takes %v", each)
	}
}

// What it costs that nothing is acknowledged before it is on disk.
func BenchmarkUpdate(b *testing.B) {
	q, err := Open(b.Context(), Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer q.Close()
	if _, err := q.Create(b.Context(), work.Transfer{Spec: work.Spec{Kind: work.Copy}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := q.Update(b.Context(), "c001", func(x *work.Transfer) error { x.Totals.Rows++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
