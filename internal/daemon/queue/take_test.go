package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgsluice/internal/daemon/work"
)

func TestTakeInOrderAndDone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		first, second := create(t, q, "a"), create(t, q, "b")
		if first.ID != "c001" || second.ID != "c002" || first.State != work.Pending || first.Want != work.WantRun || first.Created.IsZero() {
			t.Fatalf("created %+v and %+v", first, second)
		}
		d := take(t, q, "c001")
		if err := d.Done(soon(t)); err == nil {
			t.Error("a pending transfer was taken from the queue")
		}
		finish(t, d)
		finish(t, take(t, q, "c002"))
		if n := messages(t, q); n != 0 {
			t.Errorf("%d transfers are in the queue, want none", n)
		}
	})
}

func TestTakeLeavesOutWhatIsFinal(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		create(t, q, "a")
		create(t, q, "b")
		must[*work.Transfer](t)(q.Update(soon(t), "c001", state(work.Canceled)))
		take(t, q, "c002")
		if n := messages(t, q); n != 1 {
			t.Errorf("%d transfers are in the queue, want c002 alone", n)
		}
	})
}

func TestTakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		stop := errors.New("drain")
		ctx, cancel := context.WithCancelCause(t.Context())
		go cancel(stop)
		if _, err := q.Take(ctx); !errors.Is(err, stop) {
			t.Fatalf("Take: %v, want its context's cause", err)
		}
		// the request that was left behind must not swallow what comes
		create(t, q, "a")
		began := time.Now()
		take(t, q, "c001")
		if waited := time.Since(began); waited > 2*poll {
			t.Errorf("the transfer came after %v", waited)
		}
	})
}

func TestLaterAndDrop(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, q *Queue) {
		create(t, q, "a")
		if err := take(t, q, "c001").Later(soon(t), 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		d := take(t, q, "c001")
		if waited := time.Since(began); waited < 100*time.Millisecond {
			t.Errorf("it came back after %v", waited)
		}
		must[*work.Transfer](t)(d.Update(soon(t), func(x *work.Transfer) error { x.State, x.Want = work.Paused, work.WantPause; return nil }))
		if err := d.Drop(soon(t)); err != nil {
			t.Fatal(err)
		}
		if err := q.heal(soon(t)); err != nil {
			t.Fatal(err)
		}
		if n := messages(t, q); n != 0 {
			t.Fatalf("%d messages, want none of a paused transfer", n)
		}
		for range 3 {
			if err := q.Enqueue(soon(t), "c001"); err != nil {
				t.Fatal(err)
			}
		}
		if n := messages(t, q); n != 1 {
			t.Fatalf("%d messages after three Enqueues, want 1", n)
		}
		take(t, q, "c001")
	})
}

// Two daemons on one server: who is silent for AckWait loses what it has in work, and can change nothing of it any more.
func TestSilentHolderLoses(t *testing.T) {
	t.Parallel()
	url := external(t)
	const wait = 500 * time.Millisecond
	one, other := open(t, Options{URL: url, AckWait: wait}), open(t, Options{URL: url, AckWait: wait})
	create(t, one, "a")
	silent := take(t, one, "c001")
	for began := time.Now(); time.Since(began) < 2*wait; {
		if err := silent.InProgress(soon(t)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), wait/5)
		if d, err := other.Take(ctx); err == nil {
			t.Fatalf("%s was taken from who renews its lease", d.ID)
		}
		cancel()
	}
	second := take(t, other, "c001")
	if second.Attempt < 2 {
		t.Errorf("attempt %d of what was delivered before", second.Attempt)
	}
	_, err := silent.Update(soon(t), state(work.Failed))
	for what, err := range map[string]error{
		"Update": err, "InProgress": silent.InProgress(soon(t)), "Later": silent.Later(soon(t), 0), "Drop": silent.Drop(soon(t)),
		"Done": silent.Done(soon(t)),
	} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s of the silent one: %v, want ErrLost", what, err)
		}
	}
	finish(t, second)
	if err := silent.Done(soon(t)); !errors.Is(err, ErrLost) {
		t.Errorf("Done of the silent one behind the other's: %v", err)
	}
	if got := must[*work.Transfer](t)(one.Get(soon(t), "c001")); got.State != work.Completed {
		t.Errorf("the transfer is %s", got.State)
	}
}

// A process that is gone, with what the disk has at that moment: what it had in work comes again, at once and to one only.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, Options{Dir: dir})
	create(t, q, "a")
	create(t, q, "b")
	finish(t, take(t, q, "c001"))
	running := take(t, q, "c002")
	must[*work.Transfer](t)(running.Update(soon(t), state(work.Running)))
	create(t, q, "c")

	again := open(t, Options{Dir: copyDir(t, dir), AckWait: time.Hour})
	for id, want := range map[string]work.State{"c001": work.Completed, "c002": work.Running, "c003": work.Pending} {
		if got := must[*work.Transfer](t)(again.Get(soon(t), id)); got.State != want {
			t.Errorf("%s is %s, want %s", id, got.State, want)
		}
	}
	finish(t, take(t, again, "c002"))
	finish(t, take(t, again, "c003"))
	if n := messages(t, again); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	if next := create(t, again, "d"); next.ID != "c004" {
		t.Errorf("the next transfer is %s, want c004", next.ID)
	}
}
