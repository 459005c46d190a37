package engine

import (
	"strings"
	"testing"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// change changes a transfer and returns it.
func (w *world) change(e *Engine, id string, c work.Change) *work.Transfer {
	w.t.Helper()
	t, err := e.Change(w.t.Context(), id, c, "tester")
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func want(is work.Want) work.Change { return work.Change{Want: &is} }

func rate(bytesPerSecond int64) work.Change { return work.Change{RateLimit: &bytesPerSecond} }

// slowCopy is a copy of 20 MB that takes a quarter of a minute.
func slowCopy() work.Spec {
	s := copyProd
	s.Options.RateLimit = 1_300_000
	s.Options.Jobs = 1
	return s
}

// A copy in work is canceled; what it has made stays on the target, with its ledger.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, bigTable("big"))
	e, _ := w.start("one")
	id := w.create(e, slowCopy()).ID
	w.untilMoved(e, id, 500_000)
	w.change(e, id, want(work.WantCancel))
	got := w.untilState(id, work.Canceled)
	if got.Error != "" || got.Ended == nil || got.Daemon != "" || got.Totals.Bytes == 0 {
		t.Errorf("%+v", got)
	}
	if n := pgtest.Scalar[int](t, w.dst, "SELECT count(*) FROM _pgsluice.transfer"); n != 1 {
		t.Errorf("%d ledgers", n)
	}
	if _, err := e.Report(t.Context(), id); err != nil {
		t.Error(err)
	}
	if _, err := e.Change(t.Context(), id, want(work.WantRun), "tester"); !isConflict(err) {
		t.Errorf("run again: %v", err)
	}
	if holders, err := w.queue.Holders(t.Context(), "staging"); err != nil || len(holders) > 0 {
		t.Errorf("%v still have staging, %v", holders, err)
	}
}

func isConflict(err error) bool { return isRequest(err) }

// A copy in work is paused and goes on, at another rate and on more streams; both without losing its snapshot.
func TestPauseAndChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, bigTable("one")+bigTable("two")+bigTable("three")+"CREATE TABLE late AS SELECT 'old' AS v")
	e, _ := w.start("one")
	id := w.create(e, slowCopy()).ID
	w.untilMoved(e, id, 500_000)
	w.change(e, id, want(work.WantPause))
	paused := w.untilState(id, work.Paused)
	if paused.Want != work.WantPause || paused.Daemon != "one" || paused.Waits != "" {
		t.Errorf("paused: %+v", paused)
	}
	r := e.running(id)
	at := r.current().tracker.Moved()
	pgtest.Exec(t, w.src, "UPDATE late SET v = 'new'")
	states := 0 // that are told of the pause, one each half second, in which half a megabyte would move
	for l, err := range e.Live(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(l.Progress), `"paused":true`) {
			states++
		}
		if states == 3 {
			break
		}
	}
	if now := r.current().tracker.Moved(); now != at || !r.current().tracker.Snapshot().Paused {
		t.Errorf("it moves from %d to %d", at, now)
	}
	w.change(e, id, want(work.WantRun))
	w.untilState(id, work.Running)
	three := 3
	w.change(e, id, work.Change{Jobs: &three})
	w.until(id, "three copy", func(*work.Transfer) bool { return len(r.current().tracker.Snapshot().Running) == 3 })
	w.change(e, id, rate(0))
	got := w.untilState(id, work.Completed)
	if got.Attempts != 1 || got.Spec.Options.Jobs != 3 || got.Spec.Options.RateLimit != 0 || got.Warnings != 0 {
		t.Errorf("%+v", got)
	}
	if v := pgtest.Scalar[string](t, w.dst, "SELECT v FROM late"); v != "old" {
		t.Errorf("the row is %s: of another snapshot", v)
	}
}

// What nobody has in work is changed at once, also where no engine runs.
func TestChangeAtRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, "CREATE TABLE a AS SELECT 1 AS id")
	e := w.engine("idle")
	one, two := w.create(e, copyProd).ID, w.create(e, copyProd).ID
	if got := w.change(e, one, want(work.WantCancel)); got.State != work.Canceled || got.Ended == nil {
		t.Errorf("canceled: %+v", got)
	}
	if got := w.change(e, two, want(work.WantPause)); got.State != work.Paused {
		t.Errorf("paused: %+v", got)
	}
	runs, _ := w.start("one")
	w.until(two, "it is out of the queue", func(got *work.Transfer) bool { return got.State == work.Paused && runs.running(two) == nil })
	if got := w.change(e, two, want(work.WantRun)); got.State != work.Pending {
		t.Errorf("goes on: %+v", got)
	}
	w.untilState(two, work.Completed)
	for name, c := range map[string]work.Change{"want": want("fly"), "rate": rate(-1)} {
		if _, err := e.Change(t.Context(), two, c, "tester"); !isInvalid(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.Change(t.Context(), "c999", want(work.WantRun), "tester"); !isNotFound(err) {
		t.Errorf("unknown: %v", err)
	}
}

// What the configuration allows bounds what was asked.
func TestBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "max_streams: 2", "rate_limit: 1500kB/s")
	pgtest.Exec(t, w.src, bigTable("one")+bigTable("two")+bigTable("three"))
	e, _ := w.start("one")
	spec := copyProd
	spec.Options.Jobs = 8
	id := w.create(e, spec).ID
	w.untilMoved(e, id, 100_000)
	r := e.running(id)
	w.until(id, "two copy", func(*work.Transfer) bool { return len(r.current().tracker.Snapshot().Running) == 2 })
	unlimited := rate(0)
	unlimited.Want = want(work.WantPause).Want // what is asked at once is done at once: that it is paused shows that the rate was told
	w.change(e, id, unlimited)
	w.until(id, "it is paused", func(*work.Transfer) bool { return r.current().control.Paused() })
	if got := r.current().limiter.Rate(); got != 1_500_000 {
		t.Errorf("the rate is %d", got)
	}
	if n := len(r.current().tracker.Snapshot().Running); n != 2 {
		t.Errorf("%d copy", n)
	}
	w.change(e, id, want(work.WantCancel))
	w.untilState(id, work.Canceled)
}
