package progress

import (
	"testing"
	"testing/synctest"
	"time"
)

// Who is paused is not idle, and nothing is foretold of it; from its end on idleness counts anew.
func TestPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan([]Task{rowsTask(1, "a", 1000, 10)})
		r := tr.Start(1)
		for range 20 {
			r.AddBytes(10)
			time.Sleep(Tick)
			tr.Snapshot()
		}
		if tr.Snapshot().Data.Remaining <= 0 {
			t.Error("nothing is foretold before")
		}
		tr.SetPaused(true)
		time.Sleep(time.Hour)
		if s := tr.Snapshot(); !s.Paused || s.Data.Idle != 0 || s.Data.Remaining >= 0 {
			t.Errorf("paused: %+v", s.Data)
		}
		tr.SetPaused(false)
		time.Sleep(time.Second)
		if s := tr.Snapshot(); s.Paused || s.Data.Idle != time.Second {
			t.Errorf("then: %+v", s.Data)
		}
		tr.SetPaused(true)
		tr.Finish()
		if tr.Snapshot().Paused {
			t.Error("it is over, and paused")
		}
	})
}
