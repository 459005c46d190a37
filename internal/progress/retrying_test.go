package progress

import (
	"testing"
	"testing/synctest"
	"time"
)

// A task shows the attempt that it has lost until somebody makes the next one.
func TestRetryingShowsUntilTheNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "a"}})
		r := tr.Start(1)
		time.Sleep(time.Second)
		lost := Retry{Object: "table a", Cause: "gone", Wait: time.Minute}
		r.Retrying(lost)
		lost.At = time.Second
		s := tr.Snapshot()
		if s.Running[0].Retry != lost || s.RetryCount != 1 || s.Retries[0] != lost {
			t.Errorf("%+v, %+v", s.Running[0], s.Retries)
		}
		r.Again()
		if tr.Snapshot().Running[0].Retry != lost {
			t.Error("nobody is at work yet")
		}
		r.By(Worker{Name: "copy 1"})
		if s := tr.Snapshot(); s.Running[0].Retry != (Retry{}) || s.RetryCount != 1 {
			t.Errorf("%+v", s.Running[0])
		}
	})
}

// Of a phase it is known how much an earlier run did, also when some of that is lost.
func TestPhasesCountWhatWasThere(t *testing.T) {
	tr := New()
	tr.Plan([]Task{{ID: 1, Phase: Indexes}, {ID: 2, Phase: Indexes}, {ID: 3, Phase: Indexes}})
	tr.Earlier(1, 0, 0)
	tr.Earlier(2, 0, 0)
	tr.Start(3).Done(0, nil)
	if ph := tr.Snapshot().Phases[Indexes]; ph.Earlier != 2 || ph.Done != 3 {
		t.Errorf("%+v", ph)
	}
	tr.Undo(3)
	tr.Undo(2)
	if ph := tr.Snapshot().Phases[Indexes]; ph.Earlier != 1 || ph.Done != 1 || ph.State != StateRunning {
		t.Errorf("%+v", ph)
	}
}
