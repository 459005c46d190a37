package progress_test

import (
	"testing"

	"pgsluice/internal/progress"
)

// What is discovered on the way is not done before it is known to be all.
func TestDiscover(t *testing.T) {
	tr := progress.New()
	id := 0
	do := func(phase progress.Phase, kind, name string) {
		id++
		tr.Discover(progress.Task{ID: id, Phase: phase, Kind: kind, Name: name})
		r := tr.Start(id)
		r.AddBytes(10)
		r.Done(2, nil)
	}
	states := func(want ...progress.State) {
		t.Helper()
		s := tr.Snapshot()
		for i, w := range want {
			if got := s.Phases[i].State; got != w {
				t.Errorf("%s is %v, not %v", s.Phases[i].Phase, got, w)
			}
		}
	}
	do(progress.Schema, "TABLE", "a")
	states(progress.StateRunning, progress.StateWaiting)
	do(progress.Schema, "TABLE", "b")
	states(progress.StateRunning, progress.StateWaiting)
	do(progress.Data, progress.TableData, "a")
	do(progress.Data, progress.TableData, "b")
	do(progress.Data, progress.TableData, "a") // another part of it
	states(progress.StateDone, progress.StateRunning)
	if d := tr.Snapshot().Data; d.TablesDone != 2 || d.TablesTotal != 2 || d.Bytes != 30 || d.Rows != 6 || d.Expected != 0 {
		t.Errorf("%+v", d)
	}
	do(progress.Constraints, "FK CONSTRAINT", "f")
	do(progress.Indexes, "INDEX", "i")
	states(progress.StateDone, progress.StateDone, progress.StateRunning, progress.StateRunning)
	tr.Settle()
	states(progress.StateDone, progress.StateDone, progress.StateDone, progress.StateDone)
}
