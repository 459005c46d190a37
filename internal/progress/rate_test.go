package progress

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestWindowedRateFollowsTheLastFiveSeconds(t *testing.T) {
	for _, look := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		t.Run(look.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := New()
				tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "a"}})
				r := tr.Start(1)
				// 1000 bytes a second, then 200.
				run := func(perSecond int64, d time.Duration) (s Snapshot) {
					for range d / look {
						time.Sleep(look)
						r.AddBytes(perSecond * look.Milliseconds() / 1000)
						s = tr.Snapshot()
					}
					return s
				}
				near := func(what string, got, want float64) {
					t.Helper()
					if math.Abs(got-want) > want/20 {
						t.Errorf("%s: %.1f, want about %.1f", what, got, want)
					}
				}
				s := run(1000, 2*time.Second)
				near("young windowed", s.Data.Windowed, 1000)
				s = run(1000, 18*time.Second)
				near("windowed", s.Data.Windowed, 1000)
				near("average", s.Data.Average, 1000)
				s = run(200, 20*time.Second)
				near("windowed when slow", s.Data.Windowed, 200)
				near("average of both", s.Data.Average, 600)
				near("peak", s.Data.Peak, 1000)

				r.Done(1, nil)
				time.Sleep(time.Hour)
				s = tr.Snapshot()
				near("windowed long after the end", s.Data.Windowed, 200)
				near("average long after the end", s.Data.Average, 600)
				near("peak at the end", s.Data.Peak, 1000)
				if n := len(tr.rate.samples); n > int(Window/sampleGap)+2 {
					t.Errorf("%d samples kept", n)
				}
			})
		})
	}
}

func TestRatesOfAStalledStreamSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "a"}})
		r := tr.Start(1)
		r.AddBytes(1000)
		time.Sleep(time.Second)
		tr.Snapshot()
		time.Sleep(4 * time.Second)
		tr.Snapshot()
		time.Sleep(2 * time.Second)
		if s := tr.Snapshot(); s.Data.Windowed != 0 {
			t.Errorf("windowed %.1f after six seconds without bytes", s.Data.Windowed)
		}
	})
}

func TestRatesWithoutTimeOrBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		if d := tr.Snapshot().Data; d != (DataStatus{Remaining: unknown}) {
			t.Errorf("before the plan: %+v", d)
		}
		tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "a"}})
		r := tr.Start(1)
		r.AddBytes(1 << 40)
		r.Done(1, nil)
		d := tr.Snapshot().Data
		for name, rate := range map[string]float64{"windowed": d.Windowed, "average": d.Average, "peak": d.Peak} {
			if rate != 0 {
				t.Errorf("%s rate %v over no time", name, rate)
			}
		}
	})
}

// TestACutShortPhaseKeepsItsRate ends the transfer in a gap between two tasks, when the phase ends
// in the past.
func TestACutShortPhaseKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New()
		tr.Plan([]Task{{ID: 1, Phase: Data, Kind: TableData, Name: "a"}, {ID: 2, Phase: Data, Kind: TableData, Name: "b"}})
		r := tr.Start(1)
		r.AddBytes(1000)
		time.Sleep(time.Second)
		r.Done(1, nil)
		time.Sleep(time.Second)
		tr.Snapshot()
		tr.Finish()
		d := tr.Snapshot().Data
		if d.Average != 1000 || d.Windowed != 500 || d.Peak != 1000 {
			t.Errorf("%+v", d)
		}
	})
}
