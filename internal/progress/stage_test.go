package progress

import (
	"reflect"
	"testing"
	"time"
)

func TestAddStagesKeepsPipeOrder(t *testing.T) {
	part := func(names ...string) (list []StageTime) {
		for _, n := range names {
			list = append(list, StageTime{Name: n, Elapsed: 1, WaitIn: 2, WaitOut: 3, Busy: 4, Bytes: 5})
		}
		return list
	}
	var sum []StageTime
	sum = addStages(sum, part("copy-out", "copy-in"))
	sum = addStages(sum, part("copy-out", "meter", "compress", "meter", "copy-in"))
	sum = addStages(sum, part("copy-out", "meter", "copy-in", "tail"))
	sum = addStages(sum, nil)
	want := []StageTime{
		{"copy-out", 3, 6, 9, 12, 15},
		{"meter", 2, 4, 6, 8, 10},
		{"compress", 1, 2, 3, 4, 5},
		{"meter", 1, 2, 3, 4, 5},
		{"copy-in", 3, 6, 9, 12, 15},
		{"tail", 1, 2, 3, 4, 5},
	}
	if !reflect.DeepEqual(sum, want) {
		t.Errorf("got  %v\nwant %v", sum, want)
	}
}

func TestBottleneck(t *testing.T) {
	const s = time.Second
	for name, test := range map[string]struct {
		stages []StageTime
		want   Bottleneck
	}{
		"nothing measured": {nil, Bottleneck{}},
		"no time":          {[]StageTime{{Name: "a"}}, Bottleneck{}},
		"target is slow": {
			[]StageTime{
				{Name: "copy-out", Elapsed: 100 * s, WaitOut: 71 * s, Busy: 29 * s},
				{Name: "throttle", Elapsed: 100 * s},
				{Name: "copy-in", Elapsed: 100 * s, WaitIn: 6 * s, Busy: 94 * s},
			},
			Bottleneck{"copy-in", 0.94, "copy-in 94 % busy, copy-out waits 71 %"},
		},
		"one stage alone": {[]StageTime{{Name: "a", Elapsed: s, Busy: s}}, Bottleneck{"a", 1, "a 100 % busy"}},
		"shares count, not seconds": {
			[]StageTime{{Name: "a", Elapsed: 100 * s, Busy: 50 * s}, {Name: "b", Elapsed: 10 * s, Busy: 9 * s}},
			Bottleneck{"b", 0.9, "b 90 % busy"},
		},
		"the busiest may be the one that waits most": {
			[]StageTime{{Name: "a", Elapsed: 10 * s, Busy: 5 * s, WaitIn: 5 * s}, {Name: "b", Elapsed: 10 * s, Busy: 4 * s, WaitOut: 3 * s}},
			Bottleneck{"a", 0.5, "a 50 % busy, b waits 30 %"},
		},
		"the left one of equals": {
			[]StageTime{{Name: "a", Elapsed: s, Busy: s / 2}, {Name: "b", Elapsed: s, Busy: s / 2}},
			Bottleneck{"a", 0.5, "a 50 % busy"},
		},
		"never above the whole": {[]StageTime{{Name: "a", Elapsed: s, Busy: 2 * s}}, Bottleneck{"a", 1, "a 100 % busy"}},
	} {
		if got := bottleneckOf(test.stages); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
