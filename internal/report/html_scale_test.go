package report

import (
	"slices"
	"testing"
	"time"
)

func TestScaleTicks(t *testing.T) {
	for span := 3 * time.Microsecond; span < 5000*time.Hour; span = span * 7 / 4 {
		for _, from := range []time.Duration{0, span / 3, 40 * span} {
			s := scale{from, from + span}
			ticks := s.ticks()
			if len(ticks) < 2 || len(ticks) > mostTicks+1 {
				t.Errorf("%v from %v: %d ticks", span, from, len(ticks))
			}
			labels := map[string]bool{}
			for _, tick := range ticks {
				labels[tick.Label] = true
			}
			if len(labels) != len(ticks) {
				t.Errorf("%v from %v: labels %v", span, from, labels)
			}
		}
	}
}

func TestScaleLabels(t *testing.T) {
	for span, want := range map[time.Duration][]string{
		700 * time.Microsecond:  {"0", "100 µs", "200 µs", "300 µs", "400 µs", "500 µs", "600 µs", "700 µs"},
		3 * time.Millisecond:    {"0", "0.5 ms", "1 ms", "1.5 ms", "2 ms", "2.5 ms", "3 ms"},
		1600 * time.Millisecond: {"0", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1 s", "1.2 s", "1.4 s", "1.6 s"},
		70 * time.Second:        {"0", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00", "1:10"},
		2 * time.Hour:           {"0", "15:00", "30:00", "45:00", "1:00:00", "1:15:00", "1:30:00", "1:45:00", "2:00:00"},
	} {
		var got []string
		for _, tick := range (scale{0, span}).ticks() {
			got = append(got, tick.Label)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q", span, got)
		}
	}
}

func TestScaleBoxStaysInside(t *testing.T) {
	s := scale{0, time.Minute}
	for _, c := range []struct {
		start, length time.Duration
		x, w          string
	}{
		{0, time.Minute, "0.000%", "100.000%"},
		{30 * time.Second, 6 * time.Second, "50.000%", "10.000%"},
		{30 * time.Second, 0, "50.000%", "0.250%"},
		{time.Minute, 0, "99.750%", "0.250%"},
		{59 * time.Second, time.Hour, "98.333%", "1.667%"},
	} {
		if x, w := s.box(c.start, c.length); x != c.x || w != c.w {
			t.Errorf("%v and %v: %s, %s", c.start, c.length, x, w)
		}
	}
}

func TestRateLevels(t *testing.T) {
	for limit, want := range map[float64][]string{
		52e6:  {"0", "20 MB/s", "40 MB/s", "60 MB/s"},
		100e6: {"0", "25 MB/s", "50 MB/s", "75 MB/s", "100 MB/s"},
		9e9:   {"0", "2.5 GB/s", "5 GB/s", "7.5 GB/s", "10 GB/s"},
		7:     {"0", "2 B/s", "4 B/s", "6 B/s", "8 B/s"},
	} {
		var got []string
		for _, mark := range rateLevels(limit) {
			got = append(got, levelLabel(mark))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%g: %q", limit, got)
		}
	}
}
