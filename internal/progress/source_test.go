package progress

import (
	"testing"
	"testing/synctest"
	"time"
)

// A session that waits keeps its beginning, whatever the server's clock says later, and moves to those that did when it
// is gone.
func TestObserveSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		if s := tr.Snapshot().Source; s.Released || s.XIDAge != 0 {
			t.Errorf("before anything is known: %+v", s)
		}
		time.Sleep(10 * time.Second)
		orders := HeldUp{PID: 1, User: "bob", Wants: "ACCESS EXCLUSIVE on public.orders", For: 3 * time.Second}
		lines := HeldUp{PID: 2, Wants: "ACCESS EXCLUSIVE on public.lines", For: -1}
		tr.Observe(Source{SnapshotAge: time.Minute, XIDAge: 7, HeldUp: []HeldUp{lines, orders}})
		first := tr.Snapshot().Source
		if h := first.HeldUp; len(h) != 2 || h[0].PID != 1 || h[0].Since != 7*time.Second || h[1].Since != 10*time.Second || h[1].For != 0 {
			t.Errorf("held up: %+v", h)
		}
		time.Sleep(2 * time.Second)
		orders.For, orders.Behind = 9*time.Second, 2
		tr.Observe(Source{SnapshotAge: 2 * time.Minute, XIDAge: 8, HeldUp: []HeldUp{orders}})
		s := tr.Snapshot().Source
		if h := s.HeldUp; len(h) != 1 || h[0].Since != 7*time.Second || h[0].For != 5*time.Second || h[0].Behind != 2 {
			t.Errorf("held up later: %+v", h)
		}
		if len(s.Freed) != 1 || s.Freed[0].PID != 2 || s.XIDAge != 8 {
			t.Errorf("freed: %+v", s)
		}
		tr.Release()
		s = tr.Snapshot().Source
		if len(s.HeldUp) != 0 || len(s.Freed) != 2 || s.Freed[1].PID != 1 || !s.Released || s.SnapshotAge != 2*time.Minute {
			t.Errorf("released: %+v", s)
		}
		tr.Observe(Source{SnapshotAge: time.Hour, HeldUp: []HeldUp{lines}})
		if late := tr.Snapshot().Source; late.SnapshotAge != 2*time.Minute || len(late.HeldUp) != 0 {
			t.Errorf("an answer that came late was taken: %+v", late)
		}
		if len(first.Freed) != 0 || len(first.HeldUp) != 2 {
			t.Errorf("an old snapshot has changed: %+v", first)
		}
	})
}
