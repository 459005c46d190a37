package progress

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func plan() []Task {
	return []Task{
		{ID: 1, Phase: Schema, Kind: "TABLE", Name: "public.a"},
		{ID: 2, Phase: Data, Kind: TableData, Name: "public.a", Table: "public.a", Bytes: 100},
		{ID: 3, Phase: Data, Kind: TableData, Name: "public.b, first part", Table: "public.b"},
		{ID: 4, Phase: Data, Kind: TableData, Name: "public.b, second part", Table: "public.b"},
		{ID: 5, Phase: Data, Kind: "SEQUENCE SET", Name: "public.s"},
		{ID: 6, Phase: Indexes, Kind: "INDEX", Name: "public.a_i", Table: "public.a"},
	}
}

func TestPhaseStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		states := func() (s [phaseCount]State) {
			for i, p := range tr.Snapshot().Phases {
				s[i] = p.State
			}
			return s
		}
		const w, r, d, f = StateWaiting, StateRunning, StateDone, StateFailed
		check := func(when string, want [phaseCount]State) {
			t.Helper()
			if got := states(); got != want {
				t.Errorf("%s: states %v, want %v", when, got, want)
			}
		}
		check("before the plan", [phaseCount]State{w, w, w, w, w})
		tr.Plan(plan())
		check("planned; a phase without tasks is done", [phaseCount]State{w, w, w, d, d})
		schema := tr.Start(1)
		check("schema in work", [phaseCount]State{r, w, w, d, d})
		schema.Done(0, nil)
		check("schema done", [phaseCount]State{d, w, w, d, d})
		tr.Start(2).Done(7, nil)
		check("between two data tasks", [phaseCount]State{d, r, w, d, d})
		tr.Start(3).Fail(errors.New("no"))
		tr.Start(4).Done(1, nil)
		check("one failed, one to come", [phaseCount]State{d, r, w, d, d})
		last := tr.Start(5)
		tr.Finish()
		check("cut short", [phaseCount]State{d, f, w, d, d})
		last.Done(0, nil)
		check("all ended, one failed", [phaseCount]State{d, f, w, d, d})

		s := tr.Snapshot()
		p := s.Phases[Data]
		if p.Total != 4 || p.Done != 3 || p.Failed != 1 || p.Running != 0 {
			t.Errorf("data counts %+v", p)
		}
		if s.Data.TablesTotal != 2 || s.Data.TablesDone != 1 || s.Data.Rows != 8 {
			t.Errorf("a table with a failed part is not done: %+v", s.Data)
		}
		if len(s.Failures) != 1 || s.Failures[0].Error != "no" || s.Failures[0].Task.ID != 3 {
			t.Errorf("failures %+v", s.Failures)
		}
	})
}

func TestSpanAndWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan(plan())
		time.Sleep(time.Second)
		a, b := tr.Start(2), tr.Start(3)
		time.Sleep(2 * time.Second)
		a.Done(1, nil)
		time.Sleep(time.Second)

		p := tr.Snapshot().Phases[Data]
		if p.Start != time.Second || p.Span != 3*time.Second || p.Work != 5*time.Second {
			t.Errorf("in work: start %v, span %v, work %v", p.Start, p.Span, p.Work)
		}
		b.Done(1, nil)
		time.Sleep(time.Second)
		if p := tr.Snapshot().Phases[Data]; p.Span != 4*time.Second || p.Work != 5*time.Second {
			t.Errorf("a gap belongs to the span, not to the work: span %v, work %v", p.Span, p.Work)
		}
		tr.Start(4).Done(1, nil)
		tr.Start(5).Done(0, nil)
		time.Sleep(time.Minute)
		if p := tr.Snapshot().Phases[Data]; p.Span != 4*time.Second {
			t.Errorf("span %v grew after the end", p.Span)
		}
	})
}

func TestFinishStopsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Step("connecting")
		time.Sleep(time.Second)
		tr.Finish()
		time.Sleep(time.Hour)
		tr.Finish()
		tr.Warn(Warning{Object: "x", Message: "late"})
		s := tr.Snapshot()
		if !s.Over || s.Elapsed != time.Second || s.Warnings[0].At != time.Second {
			t.Errorf("over %v, elapsed %v, warning at %v", s.Over, s.Elapsed, s.Warnings[0].At)
		}
		if s.Step.Text != "" || len(s.Steps) != 1 || s.Steps[0].Elapsed != time.Second {
			t.Errorf("step %+v, steps %+v", s.Step, s.Steps)
		}
	})
}

func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Step("connecting")
		time.Sleep(time.Second)
		tr.Step("reading the table of contents")
		time.Sleep(3 * time.Second)
		s := tr.Snapshot()
		if s.Step.Text != "reading the table of contents" || s.Step.Elapsed != 3*time.Second || len(s.Steps) != 1 {
			t.Errorf("step %+v, steps %+v", s.Step, s.Steps)
		}
		tr.Plan(plan())
		tr.Start(1)
		if s := tr.Snapshot(); s.Step.Text != "" || len(s.Steps) != 2 {
			t.Errorf("a task's start ends the step: %+v, %+v", s.Step, s.Steps)
		}
		tr.Step("locking")
		tr.Step("")
		if s := tr.Snapshot(); s.Step.Text != "" || len(s.Steps) != 3 {
			t.Errorf("Step(\"\") ends the step: %+v, %+v", s.Step, s.Steps)
		}
	})
}

func TestOnlyTheFirstEndCounts(t *testing.T) {
	tr := New()
	tr.Plan(plan())
	r := tr.Start(2)
	r.AddBytes(10)
	r.Fail(errors.New("first"))
	r.Done(99, []StageTime{{Name: "copy-in", Elapsed: 1, Busy: 1}})
	r.Fail(errors.New("third"))
	r.AddBytes(5)
	s := tr.Snapshot()
	if s.Phases[Data].Failed != 1 || s.Phases[Data].Done != 0 || s.Data.Rows != 0 || s.Data.Bytes != 10 || len(s.Stages) != 0 {
		t.Errorf("%+v %+v", s.Phases[Data], s.Data)
	}
}

func TestAFailureWithoutTextIsAFailure(t *testing.T) {
	tr := New()
	tr.Plan(plan())
	tr.Start(2).Fail(errors.New(""))
	if s := tr.Snapshot(); len(s.Failures) != 1 || s.Failures[0].Error == "" {
		t.Errorf("failures %+v", s.Failures)
	}
}

func TestMisuse(t *testing.T) {
	for name, breach := range map[string]func(*Tracker){
		"planned twice": func(tr *Tracker) { tr.Plan(plan()) },
		"unknown task":  func(tr *Tracker) { tr.Start(77) },
		"started twice": func(tr *Tracker) { tr.Start(2); tr.Start(2) },
	} {
		t.Run(name, func(t *testing.T) {
			tr := New()
			tr.Plan(plan())
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
				tr.Snapshot() // the lock must not stay held
			}()
			breach(tr)
		})
	}
	t.Run("one id for two tasks", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		New().Plan([]Task{{ID: 1}, {ID: 1}})
	})
}

// TestSnapshotsAreConsistent runs many tasks at once and holds every snapshot to its own sums. Each
// task moves a thousand bytes a row, so rows, bytes and counts must agree whenever somebody looks.
func TestSnapshotsAreConsistent(t *testing.T) {
	const tasks, workers, rows = 400, 8, 5
	tr := New()
	var list []Task
	for i := range tasks {
		list = append(list, Task{ID: i, Phase: Data, Kind: TableData, Name: fmt.Sprint("t", i), Bytes: 3000, Rows: rows})
	}
	tr.Plan(list)

	var wg sync.WaitGroup
	var stop atomic.Bool
	observed := make(chan int)
	go func() {
		n := 0
		var last Snapshot
		for !stop.Load() {
			s := tr.Snapshot()
			checkSums(t, s)
			if s.Data.Bytes < last.Data.Bytes || s.Data.Rows < last.Data.Rows || s.Elapsed < last.Elapsed {
				t.Errorf("went back: %+v after %+v", s.Data, last.Data)
			}
			last = s
			n++
		}
		observed <- n
	}()
	for w := range workers {
		wg.Go(func() {
			for i := w; i < tasks; i += workers {
				r := tr.Start(i)
				r.Watch(func() []StageTime { return []StageTime{{Name: "copy-in", Elapsed: 1, Busy: 1, Bytes: 1}} })
				for range rows {
					r.AddBytes(1000)
					r.AddRows(1)
				}
				if i%50 == 0 {
					r.Fail(errors.New("no"))
					tr.Warn(Warning{Object: "t"})
					continue
				}
				r.Done(rows, []StageTime{{Name: "copy-in", Elapsed: 1, Busy: 1, Bytes: 1}})
			}
		})
	}
	wg.Wait()
	stop.Store(true)
	if n := <-observed; n == 0 {
		t.Error("nobody looked")
	}
	s := tr.Snapshot()
	checkSums(t, s)
	if s.Data.Bytes != tasks*rows*1000 || s.Data.TablesDone != tasks-8 || s.Data.Rows != tasks*rows || len(s.Warnings) != 8 {
		t.Errorf("at the end: %+v", s.Data)
	}
}

func checkSums(t *testing.T, s Snapshot) {
	t.Helper()
	var bytes, rows int64
	var work time.Duration
	failed := 0
	for _, f := range s.Finished {
		bytes += f.Bytes
		rows += f.Rows
		work += f.Elapsed
		if f.Error != "" {
			failed++
		}
	}
	for _, r := range s.Running {
		bytes += r.Bytes
		rows += r.Rows
		work += r.Elapsed
	}
	p := s.Phases[Data]
	if bytes != s.Data.Bytes || rows != s.Data.Rows || work != p.Work ||
		len(s.Finished) != p.Done+p.Failed || len(s.Running) != p.Running ||
		s.Data.Expected < s.Data.Bytes || s.Data.ExpectedRows < s.Data.Rows || failed != len(s.Failures) || failed != p.Failed || s.Data.TablesDone != p.Done {
		t.Errorf("torn: bytes %d rows %d work %v failed %d in lists; %+v, %+v", bytes, rows, work, failed, s.Data, p)
	}
	// Stage times are asked after the lock is left, so that a task may have ended, never
	// doubled, in between.
	if len(s.Stages) > 0 && s.Stages[0].Bytes > int64(p.Done+p.Failed+p.Running) {
		t.Errorf("stage counted twice: %d, %+v", s.Stages[0].Bytes, p)
	}
}

// TestASnapshotStaysAsItWas guards the sharing of the append-only lists.
func TestASnapshotStaysAsItWas(t *testing.T) {
	tr := New()
	tr.Plan(plan())
	r := tr.Start(2)
	before := tr.Snapshot()
	tr.Warn(Warning{Object: "x"})
	r.Done(1, []StageTime{{Name: "copy-in", Elapsed: 1, Busy: 1}})
	one := tr.Snapshot()
	tr.Start(3).Done(2, []StageTime{{Name: "copy-in", Elapsed: 1, Busy: 1}})
	tr.Warn(Warning{Object: "y"})
	_ = append(one.Finished, FinishedTask{Rows: 666})
	_ = append(one.Warnings, Warning{Object: "foreign"})
	two := tr.Snapshot()

	if len(before.Running) != 1 || before.Running[0].Task.ID != 2 || len(before.Finished) != 0 {
		t.Errorf("before: %+v", before)
	}
	if len(one.Finished) != 1 || len(one.Warnings) != 1 || one.Stages[0].Elapsed != 1 {
		t.Errorf("one: %+v", one)
	}
	if two.Finished[1].Rows != 2 || two.Warnings[1].Object != "y" || two.Stages[0].Elapsed != 2 {
		t.Errorf("two: %+v", two)
	}
}

// TestAWatchMayUseTheTracker would hang if a watch were called with the lock held.
func TestAWatchMayUseTheTracker(t *testing.T) {
	tr := New()
	tr.Plan(plan())
	r := tr.Start(2)
	r.Watch(func() []StageTime {
		tr.Warn(Warning{Object: "asked"})
		return []StageTime{{Name: "copy-out", Elapsed: 10, Busy: 5, WaitOut: 5}}
	})
	if s := tr.Snapshot(); s.Bottleneck.Stage != "copy-out" {
		t.Errorf("bottleneck %+v", s.Bottleneck)
	}
	r.Done(0, []StageTime{{Name: "copy-out", Elapsed: 20, Busy: 20}})
	if s := tr.Snapshot(); len(s.Warnings) != 1 || s.Stages[0].Elapsed != 20 {
		t.Errorf("an ended task is not watched: %+v", s.Stages)
	}
}
