package transfer

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// standsStill waits until a copy says that it is paused and all that it had begun stands, and returns how many bytes it has moved then.
func standsStill(t *testing.T, tracker *progress.Tracker) int64 {
	t.Helper()
	var moved int64
	if !pgtest.Poll(patience, func() bool {
		before := tracker.Moved()
		time.Sleep(20 * time.Millisecond) // in which it would move some
		moved = tracker.Moved()
		return tracker.Snapshot().Paused && moved == before
	}) {
		t.Fatal("it does not stand still")
	}
	return moved
}

// A paused copy keeps its sessions and its snapshot, takes nothing new, is not taken for stalled, and goes on to the same end.
func TestPause(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, bigTable("big", "")+smallTables("a"))
	control := &Control{}
	limiter := NewLimiter(2_000_000)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, Control: control, Limiter: limiter, StallFor: 600 * time.Millisecond})
	c.untilMoved(500_000)
	control.Pause()
	control.Pause()
	limiter.SetRate(0)
	moved := standsStill(t, c.opt.Progress)
	if moved == 0 || moved > 15_000_000 {
		t.Errorf("it stands at %d bytes", moved)
	}
	const sessions = "SELECT pid FROM pg_stat_activity WHERE " + ours + " AND application_name IN ('pgsluice snapshot', 'pgsluice copy-out') ORDER BY pid"
	before := pgtest.Query(t, src, sessions)
	pgtest.Exec(t, src, "UPDATE a SET v = 'new'") // under its snapshot it does not see it
	until(t, src, readerIsHeldUp)
	c.until("it would have stalled", func(s progress.Snapshot) bool {
		return len(s.Running) > 0 && s.Elapsed-s.Running[0].Start > 3*time.Second
	})
	if s := c.opt.Progress.Snapshot(); s.RetryCount > 0 || s.Data.Idle > 0 || s.Data.Remaining >= 0 || len(s.Running) != 1 || c.opt.Progress.Moved() != moved {
		t.Errorf("while it stands: %+v, retries %v", s.Data, s.Retries)
	}
	if now := pgtest.Query(t, src, sessions); len(now) != 3 || !slices.EqualFunc(now, before, slices.Equal) {
		t.Errorf("sessions %v, and before %v", now, before)
	}
	control.Resume()
	c.ok()
	if n := number(t, dst, "SELECT count(*) FROM a WHERE v LIKE 'old %'"); n != 50 {
		t.Errorf("%d rows are those of the snapshot", n)
	}
	if n := number(t, dst, "SELECT count(*) FROM big"); n != 2000 {
		t.Errorf("%d rows", n)
	}
	if c.opt.Progress.Snapshot().Paused {
		t.Error("it has ended, and is paused")
	}
}

// An index build that was begun goes on while it is paused, and what comes behind it does not begin.
func TestPauseLetsBuildsEnd(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+smallTables("a")+"INSERT INTO a VALUES (100, ''); CREATE INDEX ON a (gate(id))")
	open := holdGate(t, dst)
	control := &Control{}
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, IndexJobs: 1, Control: control})
	until(t, dst, atGate)
	control.Pause()
	open()
	built := func(s progress.Snapshot) bool { return s.Phases[progress.Indexes].Done == 1 }
	c.until("it is built", built)
	time.Sleep(100 * time.Millisecond) // in which ANALYZE would begin
	if s := c.opt.Progress.Snapshot(); s.Analyze.Done > 0 || len(s.Running) > 0 {
		t.Errorf("analyzed: %+v, in work: %v", s.Analyze, s.Running)
	}
	control.Resume()
	c.ok()
}

// Who is paused from the beginning has made the target's schema at most; and can be cancelled.
func TestPausedFromTheBeginning(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, smallTables("a"))
	control := &Control{}
	control.Pause()
	c := beginCopy(t, Options{Source: src, Target: dst, Control: control})
	until(t, dst, "SELECT count(*) > 0 FROM pg_namespace WHERE nspname = '_pgsluice'")
	time.Sleep(300 * time.Millisecond) // in which the table would be made
	if standsStill(t, c.opt.Progress); number(t, dst, "SELECT count(*) FROM pg_class WHERE relname = 'a'") > 0 {
		t.Error("the table is made")
	}
	c.cancel(errEnough)
	if _, err := c.wait(prompt); err == nil || err.Error() != errEnough.Error() {
		t.Errorf("error %v", err)
	}
}

// The number of streams follows SetJobs up and down, also beyond that of the beginning.
func TestSetJobs(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	names := []string{"a", "b", "c", "d", "e", "f"}
	sql := ""
	for _, name := range names {
		sql += bigTable(name, "")
	}
	pgtest.Exec(t, src, sql)
	for name, jobs := range map[string]int{"fixed": 1, "auto": 0} {
		t.Run(name, func(t *testing.T) {
			dst := pgtest.DatabaseOn(t, pgtest.Second(t))
			control, limiter := &Control{}, NewLimiter(4_000_000)
			c := beginCopy(t, Options{Source: src, Target: dst, Jobs: jobs, SplitAbove: -1, Control: control, Limiter: limiter})
			c.untilMoved(500_000)
			if err := control.SetJobs(t.Context(), 5); err != nil {
				t.Fatal(err)
			}
			c.until("five copy", func(s progress.Snapshot) bool { return len(s.Running) == 5 })
			if err := control.SetJobs(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			limiter.SetRate(40_000_000)
			c.until("one copies, four have ended", func(s progress.Snapshot) bool { return len(s.Running) == 1 && s.Data.TablesDone >= 4 })
			limiter.SetRate(0)
			c.ok()
			if c.result.Jobs != 5 {
				t.Errorf("there were %d streams at most", c.result.Jobs)
			}
			same(t, dst, contents(t, src, names...))
		})
	}
}

// What was asked before it begins holds then; what can't be had is said, and stops nothing.
func TestSetJobsThatCannotBe(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, bigTable("a", "")+bigTable("b", "")+bigTable("c", ""))
	control, limiter := &Control{}, NewLimiter(1_000_000)
	if err := control.SetJobs(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1, SplitAbove: -1, Control: control, Limiter: limiter})
	c.until("two copy", func(s progress.Snapshot) bool { return len(s.Running) == 2 })
	allow := func(yes string) {
		pgtest.Exec(t, pgtest.Second(t).URL("postgres"), "ALTER DATABASE "+databaseName(dst)+" ALLOW_CONNECTIONS "+yes)
	}
	allow("false")
	err := control.SetJobs(t.Context(), 3)
	mentions(t, err, "there are 2 copy streams", "not currently accepting connections")
	allow("true")
	for _, n := range []int{-1, MostStreams + 1} {
		mentions(t, control.SetJobs(t.Context(), n), "1 to 64")
	}
	limiter.SetRate(0)
	c.ok()
	if err := control.SetJobs(t.Context(), 3); err != nil {
		t.Errorf("when it is over: %v", err)
	}
}

// A dump stands still and goes on, on more readers than it began with.
func TestControlOfADump(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, bigTable("a", "")+bigTable("b", "")+bigTable("c", ""))
	control, limiter := &Control{}, NewLimiter(2_000_000)
	path := filepath.Join(t.TempDir(), "d.dump")
	d := beginDump(t, DumpOptions{Source: src, Path: path, Jobs: 1, SplitAbove: -1, Control: control, Limiter: limiter})
	moved := func(n int64) func() bool { return func() bool { return d.opt.Progress.Moved() >= n } }
	if !pgtest.Poll(patience, moved(100_000)) {
		t.Fatal("nothing moves")
	}
	control.Pause()
	standsStill(t, d.opt.Progress)
	if err := control.SetJobs(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // in which the others would begin
	if n := len(d.opt.Progress.Snapshot().Running); n != 1 {
		t.Errorf("%d readers are in work while it is paused", n)
	}
	control.Resume()
	if !pgtest.Poll(patience, func() bool { return len(d.opt.Progress.Snapshot().Running) == 3 }) {
		t.Error("three never read")
	}
	limiter.SetRate(0)
	if err := d.wait(t, patience); err != nil {
		t.Fatal(err)
	}
	control = &Control{}
	restoring := RestoreOptions{Path: path, Options: Options{Target: dst, Jobs: 1, Control: control, Progress: progress.New()}}
	control.Pause()
	over := make(chan error, 1)
	go func() {
		_, err := Restore(t.Context(), restoring)
		over <- err
	}()
	until(t, dst, "SELECT count(*) > 0 FROM pg_namespace WHERE nspname = '_pgsluice'")
	standsStill(t, restoring.Progress)
	control.Resume()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	same(t, dst, contents(t, src, "a", "b", "c"))
}
