package engine

import (
	"strings"
	"testing"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// A copy begins when its window opens, pauses when it closes, and goes on when it opens again, in the same attempt.
func TestWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `window: "22:00-05:00 Europe/Berlin"`)
	pgtest.Exec(t, w.src, bigTable("big"))
	w.setClock("2026-06-01T12:00:00Z")
	e, _ := w.start("one")
	id := w.create(e, slowCopy()).ID
	got := w.until(id, "it waits", func(t *work.Transfer) bool { return t.Waits != "" })
	if got.State != work.Pending || got.Attempts != 0 || got.Waits != "the window of prod, which opens Mon 22:00 CEST" {
		t.Errorf("before: %+v", got)
	}
	w.setClock("2026-06-01T20:00:00Z")
	w.untilMoved(e, id, 300_000)
	w.setClock("2026-06-02T03:00:00Z")
	if got = w.untilState(id, work.Paused); got.Want != work.WantRun || got.Waits != "the window of prod" {
		t.Errorf("closed: %+v", got)
	}
	r := e.running(id)
	if !r.current().control.Paused() {
		t.Error("it moves")
	}
	w.setClock("2026-06-02T20:00:00Z")
	w.untilState(id, work.Running)
	w.change(e, id, rate(0))
	if got = w.untilState(id, work.Completed); got.Attempts != 1 || got.Waits != "" {
		t.Errorf("in the end: %+v", got)
	}
}

// With a rate for the time outside of its window it goes on at that.
func TestRateOutsideOfAWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `window: "22:00-05:00 Europe/Berlin"`, "rate_limit_outside: 500kB/s", "rate_limit: 2MB/s")
	pgtest.Exec(t, w.src, bigTable("big"))
	w.setClock("2026-06-01T21:00:00Z")
	e, _ := w.start("one")
	id := w.create(e, copyProd).ID
	w.untilMoved(e, id, 100_000)
	limiter := e.running(id).current().limiter
	for _, step := range []struct {
		at   string
		rate int64
	}{{"2026-06-02T03:00:00Z", 500_000}, {"2026-06-02T20:00:00Z", 2_000_000}} {
		w.setClock(step.at)
		w.until(id, "the rate is changed", func(got *work.Transfer) bool { return got.State == work.Running && limiter.Rate() == step.rate })
	}
	w.change(e, id, want(work.WantCancel))
	w.untilState(id, work.Canceled)
}

// One at a time uses a database, and the next one begins when that has ended, also with several engines.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, bigTable("big"))
	e, _ := w.start("one")
	w.start("two")
	first := w.create(e, slowCopy()).ID
	w.untilMoved(e, first, 100_000)
	spec := copyProd
	spec.Options.Clean, spec.Confirm = true, "staging"
	second := w.create(e, spec).ID
	if got := w.until(second, "it waits", func(t *work.Transfer) bool { return t.Waits != "" }); got.State != work.Pending || got.Waits != "staging, which is used by c001" {
		t.Errorf("%+v", got)
	}
	w.change(e, first, want(work.WantCancel))
	w.untilState(second, work.Completed)
	pgtest.DBDiff(t, w.src, w.dst)
}

// A database that is no longer configured is said.
func TestForgottenDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(w.engine("idle"), copyProd).ID
	w.file("pgsluice.yaml", "databases: {staging: {url_file: staging}}")
	if err := w.config.Reload(); err != nil {
		t.Fatal(err)
	}
	w.start("one")
	if got := w.untilState(id, work.Failed); !strings.Contains(got.Error, "no database prod any more") {
		t.Errorf("%+v", got)
	}
}
