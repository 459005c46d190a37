package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// scale maps a stretch of time to the width of a chart. All x are in percent, so that a chart fits any
// screen without being drawn again.
type scale struct{ from, to time.Duration }

// wholeTime is the stretch from the start of the report to its end, and further if a task's clock says so.
func wholeTime(r Report) scale {
	s := scale{to: r.elapsed()}
	for _, f := range r.Progress.Finished {
		s.to = max(s.to, f.Start+f.Elapsed+shift(r))
	}
	for _, t := range cutOff(r.Progress) {
		s.to = max(s.to, t.Start+t.Elapsed+shift(r))
	}
	return s
}

func (s scale) span() time.Duration { return max(s.to-s.from, 1) }

func (s scale) share(at time.Duration) float64 {
	return min(max(float64(at-s.from)/float64(s.span()), 0), 1)
}

func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'f', 3, 64) + "%"
}

// thinnest is the least share of the width that a box takes: what is there must be seen.
const thinnest = 0.0025

// box returns x and width of a stretch.
func (s scale) box(start, length time.Duration) (x, w string) {
	a, b := s.share(start), s.share(start+length)
	b = max(b, a+thinnest)
	if b > 1 {
		a, b = min(a, 1-thinnest), 1
	}
	return percent(a), percent(b - a)
}

// tick is a mark on an axis.
type tick struct {
	X, Label string
	Anchor   string // text-anchor, so that no label leaves the chart
	Class    string // "alt" for every second one: hidden where there is no room
}

// mostTicks is what still reads well on a wide screen; a narrow one shows every second label.
const mostTicks = 10

func (s scale) ticks() []tick {
	step := s.step()
	var ticks []tick
	at := s.from.Truncate(step)
	if at < s.from {
		at += step
	}
	for i := 0; at <= s.to; i++ {
		share := s.share(at)
		t := tick{X: percent(share), Label: s.label(at, step), Anchor: "middle"}
		switch {
		case share < 0.02:
			t.Anchor = "start"
		case share > 0.97:
			t.Anchor = "end"
		}
		if i%2 == 1 {
			t.Class = "alt"
		}
		ticks = append(ticks, t)
		at += step
	}
	return ticks
}

// step is a round time that gives at most mostTicks marks, or one more.
func (s scale) step() time.Duration {
	const second, minute, hour = time.Second, time.Minute, time.Hour
	least := s.span() / mostTicks
	for unit := time.Microsecond; unit < second; unit *= 10 {
		for _, step := range []time.Duration{unit, 2 * unit, 5 * unit} {
			if step >= least {
				return step
			}
		}
	}
	for _, step := range []time.Duration{
		second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second,
		minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour,
	} {
		if step >= least {
			return step
		}
	}
	days := 24 * hour
	for days < least {
		days *= 2
	}
	return days
}

// label is short: the unit is one in which the end of the scale is a small number.
func (s scale) label(at, step time.Duration) string {
	switch {
	case at == 0:
		return "0"
	case s.to < time.Millisecond:
		return fmt.Sprintf("%g µs", float64(at)/float64(time.Microsecond))
	case s.to < time.Second:
		return fmt.Sprintf("%g ms", float64(at)/float64(time.Millisecond))
	case step < time.Second:
		return fmt.Sprintf("%g s", at.Seconds())
	default:
		return formatClock(at)
	}
}

// unit says how the labels of an axis are to be read.
func (s scale) unit() string {
	switch {
	case s.step() < time.Second:
		return "time since the start"
	case s.to < time.Hour:
		return "minutes:seconds since the start"
	default:
		return "hours:minutes:seconds since the start"
	}
}

// clockAt writes a moment as finely as the chart shows it.
func clockAt(at time.Duration, s scale) string {
	if s.span() < 2*time.Minute {
		return formatDuration(at)
	}
	return formatClock(at)
}

// rateLevels returns round marks from 0 to above limit, for a vertical axis of rates.
func rateLevels(limit float64) []float64 {
	step := 1.0
	for 10*step < limit {
		step *= 10
	}
	for _, n := range []float64{0.1, 0.2, 0.25, 0.5, 1, 2, 2.5} {
		if 4*n*step >= limit {
			step *= n
			break
		}
	}
	marks := []float64{0}
	for marks[len(marks)-1] < limit {
		marks = append(marks, marks[len(marks)-1]+step)
	}
	return marks
}

// levelLabel is formatRate without the zeros behind the point, which an axis doesn't need.
func levelLabel(rate float64) string {
	if rate == 0 {
		return "0"
	}
	number, unit, _ := strings.Cut(formatRate(rate), " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + " " + unit
}

func phaseClass(p progress.Phase) string { return "p-" + p.String() }
