package progress

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestHistoryIsBoundedAndEven looks at data phases of several lengths.
func TestHistoryIsBoundedAndEven(t *testing.T) {
	for _, ticks := range []int{0, 1, 10, 599, 600, 601, 3000, 30_000} {
		synctest.Test(t, func(t *testing.T) {
			tr := New()
			tr.Plan(append(parts(2, 0, 0), Task{ID: 9, Phase: Finish, Kind: "ACL"}))
			time.Sleep(time.Second)
			r := tr.Start(0)
			var stages []StageTime
			r.Watch(func() []StageTime { return stages })
			var early Snapshot
			for i := range ticks {
				time.Sleep(Tick)
				r.AddBytes(10)
				r.AddRows(1)
				stages = []StageTime{{Name: "copy-in", Bytes: int64(i+1) * 10}}
				s := tr.Snapshot()
				if i == 590 {
					early = s
				}
			}
			time.Sleep(time.Millisecond)
			r.Done(int64(ticks), stages)
			tr.Start(1).Done(0, nil)
			end := time.Second + time.Duration(ticks)*Tick + time.Millisecond
			time.Sleep(time.Minute)
			tr.Snapshot()
			tr.Start(9).Done(0, nil)
			h := tr.Snapshot().History

			if first := h[0]; first.At != time.Second || first.Bytes != 0 {
				t.Errorf("%d ticks: first %+v", ticks, first)
			}
			last := h[len(h)-1]
			if last.At != end || last.Bytes != int64(ticks)*10 || last.Rows != int64(ticks) {
				t.Errorf("%d ticks: last %+v, want at %v", ticks, last, end)
			}
			if len(h) > historyPoints+1 || ticks > 600 && len(h) < historyPoints/2-1 {
				t.Errorf("%d ticks: %d points", ticks, len(h))
			}
			gap := time.Duration(0)
			for i := 1; i < len(h); i++ {
				if i == 1 {
					gap = h[1].At - h[0].At
				}
				if d := h[i].At - h[i-1].At; d != gap && i < len(h)-1 {
					t.Fatalf("%d ticks: point %d of %d comes after %v, the others after %v", ticks, i, len(h), d, gap)
				}
				if ticks > 0 && h[i].Stages[0].Bytes != h[i].Bytes {
					t.Fatalf("%d ticks: point %d: stage %d bytes, data %d", ticks, i, h[i].Stages[0].Bytes, h[i].Bytes)
				}
			}
			// What was handed out before the thinning is as it was.
			for i, p := range early.History {
				if want := time.Second + time.Duration(i)*Tick; p.At != want {
					t.Fatalf("%d ticks: an early snapshot has changed: point %d is at %v, not %v", ticks, i, p.At, want)
				}
			}
		})
	}
}

// TestHistoryOfACutShortPhase: its last point is the last that was seen.
func TestHistoryOfACutShortPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		if h := tr.Snapshot().History; len(h) != 0 {
			t.Errorf("before the phase: %v", h)
		}
		tr.Plan(parts(2, 0, 0))
		r := tr.Start(0)
		time.Sleep(50 * time.Millisecond)
		r.AddBytes(7)
		r.Interrupt(nil)
		tr.Finish()
		h := tr.Snapshot().History
		if len(h) != 2 || h[1].Bytes != 7 || h[1].At != 50*time.Millisecond {
			t.Errorf("%v", h)
		}
	})
}

// TestAFailedPartsStagesStayCounted: sums over time that sank would make negative rates.
func TestAFailedPartsStagesStayCounted(t *testing.T) {
	tr := New()
	tr.Plan(parts(1, 0, 0))
	r := tr.Start(0)
	r.Watch(func() []StageTime { return []StageTime{{Name: "copy-in", Elapsed: 2, Busy: 1, Bytes: 50}} })
	tr.Snapshot()
	r.Fail(errTest)
	r.Fail(errTest)
	if s := tr.Snapshot(); len(s.Stages) != 1 || s.Stages[0].Bytes != 50 {
		t.Errorf("stages %+v", s.Stages)
	}
}
