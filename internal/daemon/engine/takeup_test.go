package engine

import (
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/daemon/queue"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// halfway begins a copy of three tables and returns when one of them has arrived.
func (w *world) halfway(e *Engine) (id string) {
	w.t.Helper()
	pgtest.Exec(w.t, w.src, bigTable("one")+bigTable("two")+"CREATE TABLE small AS SELECT 1 AS id; CREATE INDEX ON one (id)")
	spec := slowCopy()
	spec.Options.RateLimit = 8_000_000
	id = w.create(e, spec).ID
	w.until(id, "a table has arrived", func(*work.Transfer) bool {
		r := e.running(id)
		if r == nil || r.current() == nil {
			return false
		}
		s := r.current().tracker.Snapshot()
		return s.Data.TablesDone > 0 && s.Phases[progress.Data].State == progress.StateRunning
	})
	w.change(e, id, rate(1_000_000))
	return id
}

// takenUp is a copy that was broken off and taken up again: nothing that had arrived is copied again.
func (w *world) takenUp(id string) {
	w.t.Helper()
	fast := w.engine("fast")
	w.change(fast, id, rate(0))
	got := w.untilState(id, work.Completed)
	if got.Attempts != 2 || got.Totals.Tables != 3 || got.Totals.Rows != 4001 || got.Warnings != 0 {
		w.t.Errorf("%+v", got)
	}
	report, err := fast.Report(w.t.Context(), id)
	if err != nil || strings.Contains(string(report), `"resumed_tasks": 0`) {
		w.t.Errorf("it did not go on with what was there: %v", err)
	}
	pgtest.DBDiff(w.t, w.src, w.dst)
}

// A daemon that ends gives a copy back, and the next one goes on with it.
func TestDrained(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, pgtest.New(t, cluster.Options{}))
	e, stop := w.start("one")
	id := w.halfway(e)
	stop()
	if got := w.untilState(id, work.Pending); got.Daemon != "" || got.Waits == "" || got.Attempts != 1 {
		t.Errorf("given back: %+v", got)
	}
	w.start("two")
	w.takenUp(id)
}

// One whose daemon is lost is taken up when its lease has ended.
func TestLost(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, pgtest.New(t, cluster.Options{}))
	e, stop := w.start("one")
	id := w.halfway(e)
	e.running(id).cancel(queue.ErrLost) // before stop, which would give it back
	stop()
	if got := w.untilState(id, work.Running); got.Daemon != "one" {
		t.Errorf("lost: %+v", got)
	}
	w.start("two")
	w.takenUp(id)
}

// A source that was written to since is copied anew: all rows are of one moment.
func TestTakenUpAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e, stop := w.start("one")
	id := w.halfway(e)
	stop()
	pgtest.Exec(t, w.src, "INSERT INTO small VALUES (2); INSERT INTO one VALUES (0, ''); INSERT INTO two VALUES (0, '')")
	w.start("two")
	w.change(e, id, rate(0))
	got := w.untilState(id, work.Completed)
	if got.Attempts != 2 || got.Warnings != 1 || got.Totals.Rows != 4004 {
		t.Errorf("%+v", got)
	}
	pgtest.DBDiff(t, w.src, w.dst)
}

// What somebody else has begun there since is not touched.
func TestNotTakenUpOverAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e, stop := w.start("one")
	id := w.halfway(e)
	stop()
	pgtest.Exec(t, w.dst, "UPDATE _pgsluice.transfer SET id = 'another'")
	pgtest.Exec(t, w.src, "INSERT INTO one VALUES (0, '')")
	w.start("two")
	if got := w.untilState(id, work.Failed); !strings.Contains(got.Error, "another copy") {
		t.Errorf("%+v", got)
	}
	if n := pgtest.Scalar[int](t, w.dst, "SELECT (SELECT count(*) FROM one) + (SELECT count(*) FROM two) + (SELECT count(*) FROM small)"); n == 0 {
		t.Error("what was there is gone")
	}
}

// One that had arrived when its daemon was lost is done, and not done twice: the target has its users by now.
func TestArrivedBeforeItsDaemonWasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, "CREATE TABLE a AS SELECT 1 AS id")
	pgtest.Exec(t, w.dst, "CREATE TABLE a AS SELECT 1 AS id UNION ALL SELECT 2")
	e := w.engine("idle")
	id := w.create(e, copyProd).ID
	_, err := w.queue.Update(t.Context(), id, func(t *work.Transfer) error {
		t.State, t.Attempts, t.Arrived, t.Daemon, t.Totals.Rows = work.Running, 1, true, "gone", 1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.start("one")
	if got := w.untilState(id, work.Completed); got.Attempts != 2 || got.Totals.Rows != 1 {
		t.Errorf("%+v", got)
	}
	if n := pgtest.Scalar[int](t, w.dst, "SELECT count(*) FROM a"); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// One that is paused when its daemon ends stays paused, and is taken up when somebody wants it.
func TestDrainedWhilePaused(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, pgtest.New(t, cluster.Options{}))
	e, stop := w.start("one")
	id := w.halfway(e)
	w.change(e, id, want(work.WantPause))
	w.untilState(id, work.Paused)
	stop()
	w.until(id, "nobody has it", func(t *work.Transfer) bool { return t.Daemon == "" && t.State == work.Paused })
	two, _ := w.start("two")
	other := w.create(two, work.Spec{Kind: work.Verify, Source: "prod", Target: "sacred"}).ID
	w.until(other, "another has ended", func(t *work.Transfer) bool { return t.State.Final() })
	if got, err := w.queue.Get(t.Context(), id); err != nil || got.State != work.Paused || got.Attempts != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	w.change(two, id, want(work.WantRun))
	w.takenUp(id)
}

// A ledger that was there when a transfer was asked for is no reason not to take that up again: whoever confirmed it has seen it.
func TestTakenUpOverAnOlderLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e, stop := w.start("one")
	id := w.halfway(e)
	w.change(e, id, want(work.WantCancel))
	w.untilState(id, work.Canceled)
	stop()
	spec := copyProd
	spec.Options.Clean, spec.Confirm = true, "staging"
	id = w.create(e, spec).ID
	_, err := w.queue.Update(t.Context(), id, func(t *work.Transfer) error {
		t.State, t.Attempts, t.Daemon = work.Running, 1, "gone"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.start("two")
	if got := w.untilState(id, work.Completed); got.Attempts != 2 {
		t.Errorf("%+v", got)
	}
	pgtest.DBDiff(t, w.src, w.dst)
}
