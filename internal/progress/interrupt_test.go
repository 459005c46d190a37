package progress

import (
	"testing"
	"testing/synctest"
	"time"
)

// A task that was broken off is neither done nor failed, but what it moved and how long it took is not forgotten.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "public.t"}})
		r := tr.Start(1)
		r.AddBytes(500)
		time.Sleep(2 * time.Second)
		r.Interrupt([]StageTime{{Name: "copy-in", Elapsed: 2 * time.Second, Busy: time.Second}})
		r.Done(7, nil) // too late
		tr.Finish()
		s := tr.Snapshot()
		data := s.Phases[Data]
		if data.Done != 0 || data.Failed != 0 || data.Running != 0 || data.Work != 2*time.Second {
			t.Errorf("the phase is %+v", data)
		}
		if s.Data.Bytes != 500 || s.Data.Rows != 0 || s.Bottleneck.Stage != "copy-in" {
			t.Errorf("%d bytes, %d rows, bottleneck %q", s.Data.Bytes, s.Data.Rows, s.Bottleneck.Stage)
		}
		if len(s.Finished)+len(s.Failures)+len(s.Running) != 0 {
			t.Errorf("it is listed as if it had ended: %d finished, %d failures, %d running", len(s.Finished), len(s.Failures), len(s.Running))
		}
		want := FinishedTask{Task: Task{ID: 1, Phase: Data, Kind: TableData, Name: "public.t"}, Elapsed: 2 * time.Second, Bytes: 500}
		if len(s.Interrupted) != 1 || s.Interrupted[0] != want {
			t.Errorf("interrupted: %+v", s.Interrupted)
		}
	})
}
