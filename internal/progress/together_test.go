package progress

import (
	"testing"
	"time"
)

// One task stands for others: it is shown, with their number, and in the end each has its share of rows, bytes and time.
func TestTogether(t *testing.T) {
	tr := New()
	index := Task{ID: 4, Phase: Indexes, Kind: "INDEX", Name: "i"}
	tr.Plan([]Task{rowsTask(1, "a", 100, 10), rowsTask(2, "b", 100, 10), rowsTask(3, "c", 100, 10), index, {ID: 5, Phase: Constraints, Kind: "ANALYZE", Name: "a"}})
	r := tr.Start(1)
	r.By(Worker{Name: "copy 1"})
	r.With(2)
	r.AddBytes(60)
	if s := tr.Snapshot(); len(s.Running) != 1 || s.Running[0].Task.Name != "a and 2 more" || s.Data.Bytes != 60 {
		t.Errorf("in work: %+v", s.Running)
	}
	for since := time.Now(); time.Since(since) < 100*time.Microsecond; { // so that there is something to share
	}
	r.DoneTogether([]Share{{1, 1, 10}, {2, 2, 20}, {3, 3, 30}}, nil)
	r.Done(99, nil) // too late
	s := tr.Snapshot()
	if d := s.Data; d.Bytes != 60 || d.Rows != 6 || d.TablesDone != 3 || d.Redone != 0 || s.Phases[Data].State != StateDone || s.Phases[Data].Running != 0 {
		t.Errorf("done: %+v, %+v", d, s.Phases[Data])
	}
	if len(s.Finished) != 3 {
		t.Fatalf("finished: %+v", s.Finished)
	}
	var work time.Duration
	for i, f := range s.Finished {
		work += f.Elapsed
		if f.Task.ID != i+1 || f.Rows != int64(i+1) || f.Bytes != int64(10*i+10) || f.Worker.Name != "copy 1" || f.Elapsed <= 0 ||
			i > 0 && f.Start != s.Finished[i-1].Start+s.Finished[i-1].Elapsed {
			t.Errorf("share %d: %+v", i, f)
		}
	}
	if s.Phases[Data].Work != work {
		t.Errorf("%s of work, %s of the tasks", s.Phases[Data].Work, work)
	}
	tr.Undo(2)
	if s := tr.Snapshot(); s.Data.Bytes != 40 || s.Data.TablesDone != 2 {
		t.Errorf("one is lost again: %+v", s.Data)
	}
	// of two phases, neither of which has begun
	tr.Start(4).DoneTogether([]Share{{ID: 4}, {ID: 5}}, nil)
	if s := tr.Snapshot(); s.Phases[Indexes].State != StateDone || s.Phases[Constraints].State != StateDone || s.Analyze.Done != 1 {
		t.Errorf("of two phases: %+v", s.Phases)
	}
}
