package report

import (
	"slices"
	"testing"
	"time"

	"pgsluice/internal/progress"
)

// points moves 10 bytes in each second that lies between the moments.
func points(moments ...time.Duration) (all []progress.Point) {
	for _, at := range moments {
		bytes := int64(10 * at.Seconds())
		all = append(all, progress.Point{At: at, Bytes: bytes, Stages: []progress.StageTime{
			{Name: "copy-out", Elapsed: at, Busy: at / 4, Bytes: bytes},
			{Name: "copy-in", Elapsed: at, Busy: at / 2, Bytes: bytes},
		}})
	}
	return all
}

func TestIntervals(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct{ moments, want []time.Duration }{
		"none":             {nil, nil},
		"one point":        {[]time.Duration{s}, nil},
		"no time":          {[]time.Duration{s, s}, nil},
		"even":             {[]time.Duration{0, s, 2 * s, 3 * s}, []time.Duration{s, 2 * s, 3 * s}},
		"a rest":           {[]time.Duration{0, s, 2 * s, 3 * s, 3*s + s/10}, []time.Duration{s, 2 * s, 3*s + s/10}},
		"close together":   {[]time.Duration{0, s, s + 1, s + 2, 2 * s}, []time.Duration{s, 2 * s}},
		"nothing but rest": {[]time.Duration{0, 1000 * s, 1000*s + 1}, []time.Duration{1000*s + 1}},
	} {
		all := intervals(points(c.moments...))
		var ends []time.Duration
		for _, iv := range all {
			ends = append(ends, iv.to)
			if iv.in < 9.9 || iv.in > 10.1 || iv.busiest != 1 {
				t.Errorf("%s: until %v: %g B/s, stage %d is the busiest", name, iv.to, iv.in, iv.busiest)
			}
		}
		if !slices.Equal(ends, c.want) {
			t.Errorf("%s: %v", name, ends)
		}
	}
}

// A stage that comes later, as the rate limit may, is found by its name.
func TestIntervalsWithNewStage(t *testing.T) {
	two := points(time.Second, 2*time.Second)
	two[1].Stages = slices.Insert(two[1].Stages, 1, progress.StageTime{Name: "throttle", Elapsed: time.Second, Busy: time.Second, Bytes: 10})
	all := intervals(two)
	if len(all) != 1 || all[0].busiest != 1 || !slices.Equal(all[0].busy, []float64{0.25, 1, 0.5}) || all[0].in != 10 || all[0].out != 10 {
		t.Errorf("%+v", all)
	}
}
