package progress

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errTest = errors.New("no")

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan(parts(3, 0, 0))
		check := func(when string, want time.Duration) {
			t.Helper()
			if got := tr.Snapshot().Data.Idle; got != want {
				t.Errorf("%s: idle for %v, want %v", when, got, want)
			}
		}
		time.Sleep(time.Minute)
		check("before the start", 0)
		a := tr.Start(0)
		time.Sleep(3 * time.Second)
		check("no byte yet", 3*time.Second)
		b := tr.Start(1)
		time.Sleep(time.Second)
		check("another start moves no byte", 4*time.Second)
		b.AddBytes(1)
		check("a byte", 0)
		time.Sleep(30 * time.Second)
		check("nothing since", 30*time.Second)
		a.Done(0, nil)
		check("an end is a sign of life", 0)
		time.Sleep(2 * time.Second)
		check("the other is still in work", 2*time.Second)
		b.Fail(errTest)
		time.Sleep(time.Minute)
		check("none in work", 0)
		tr.Start(2)
		check("a start after a gap", 0)
		time.Sleep(5 * time.Second)
		check("and no byte", 5*time.Second)
		tr.Finish()
		check("over", 0)
	})
}

func TestAnalyzeIsCountedApart(t *testing.T) {
	tr := New()
	tr.Plan([]Task{
		{ID: 1, Phase: Constraints, Kind: Analyze, Name: "a"},
		{ID: 2, Phase: Constraints, Kind: Analyze, Name: "b"},
		{ID: 3, Phase: Constraints, Kind: Analyze, Name: "c"},
		{ID: 4, Phase: Constraints, Kind: "FK CONSTRAINT", Name: "d"},
		{ID: 5, Phase: Finish, Kind: Analyze, Name: "a materialized view"},
	})
	tr.Start(1).Done(0, nil)
	tr.Start(5).Done(0, nil)
	tr.Start(2).Fail(errTest)
	tr.Start(4).Done(0, nil)
	s := tr.Snapshot()
	if s.Analyze != (Count{Total: 3, Done: 1, Failed: 1}) || s.Phases[Constraints].Total != 4 {
		t.Errorf("%+v, %+v", s.Analyze, s.Phases[Constraints])
	}
}

func TestWhoDoesATaskAndWhatTheServersSay(t *testing.T) {
	tr := New()
	tr.Plan(parts(2, 0, 0))
	r := tr.Start(0)
	w := Worker{Name: "copy 1", SourcePID: 11, TargetPID: 12}
	r.By(w)
	d := Detail{Activity: "x", Done: 3, Total: 4, BlockedBy: []Blocker{{PID: 5}}}
	tr.Describe(0, d)
	tr.Describe(1, Detail{Activity: "of nobody"})
	s := tr.Snapshot()
	if got := s.Running[0]; got.Worker != w || got.Detail.Activity != "x" || len(got.Detail.BlockedBy) != 1 {
		t.Errorf("in work: %+v", got)
	}
	r.Done(1, nil)
	tr.Describe(0, d)
	if s := tr.Snapshot(); s.Finished[0].Worker != w || len(s.Running) != 0 {
		t.Errorf("ended: %+v", s.Finished)
	}
	for _, test := range []struct {
		d    Detail
		want float64
		ok   bool
	}{{d, 75, true}, {Detail{Done: 5}, 0, false}, {Detail{Done: 9, Total: 4}, 100, true}, {Detail{Done: -1, Total: 4}, 0, true}} {
		if got, ok := test.d.Percent(); got != test.want || ok != test.ok {
			t.Errorf("%d of %d: %v, %v", test.d.Done, test.d.Total, got, ok)
		}
	}
}
