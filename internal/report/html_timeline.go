package report

import (
	"fmt"
	"slices"
	"time"
)

// timelineView shows each task as a bar in the lane of the worker that did it.
type timelineView struct {
	Sentence string // instead of a chart, if no task was started
	Summary  string
	Unit     string
	Ticks    []tick
	Lanes    []laneView
	Legend   []legendEntry
}

type laneView struct {
	Name, Label string
	Bars        []timelineBar
}

// timelineBar is a task, or several that are too short to be told apart.
type timelineBar struct {
	X, W, Class, Title string
	Failed, Open       bool
	Wide               bool // enough for a gap between it and its neighbours
}

type legendEntry struct{ Class, Text string }

func htmlTimeline(r Report) timelineView {
	all := strokes(r)
	if !slices.ContainsFunc(all, func(s stroke) bool { return !s.step }) {
		return timelineView{Sentence: "No task was started."}
	}
	whole := wholeTime(r)
	v := timelineView{Unit: whole.unit(), Ticks: whole.ticks()}
	merged, bars, tasks := 0, 0, 0
	for _, l := range lanes(all) {
		lane := laneView{Name: l.name, Label: l.name + ": " + plural(len(l.strokes), "task", "tasks")}
		if l.name == stepLane {
			lane.Label = "steps outside of the phases"
		} else {
			tasks += len(l.strokes)
		}
		for _, group := range mergeNarrow(l.strokes, whole.span()/narrow) {
			if len(group) > 1 {
				merged += len(group)
				bars++
			}
			lane.Bars = append(lane.Bars, drawBar(group, whole))
		}
		v.Lanes = append(v.Lanes, lane)
	}
	v.Summary = plural(tasks, "task", "tasks") + " in " + formatDuration(r.elapsed()) + "."
	if merged > 0 {
		v.Summary += fmt.Sprintf(" %s of them are too short to be told apart and drawn as %s.",
			formatCount(int64(merged)), plural(bars, "bar", "bars"))
	}
	v.Legend = legend(all)
	return v
}

// narrow is how many boxes fit side by side, about a pixel each on a wide screen.
const narrow = 1000

// mergeNarrow joins neighbours in a lane that are narrower than a pixel and less than a pixel apart. What
// failed is kept apart from what didn't, so that no failure drowns; what was cut off stands alone.
func mergeNarrow(lane []stroke, pixel time.Duration) [][]stroke {
	var groups [][]stroke
	last := map[bool]int{} // failed: the index of the group that may still grow
	until := map[bool]time.Duration{}
	for _, s := range lane {
		fits := s.elapsed < pixel && !s.open
		if i, ok := last[s.failed]; fits && ok && s.start-until[s.failed] < pixel && s.step == groups[i][0].step {
			groups[i] = append(groups[i], s)
			until[s.failed] = max(until[s.failed], s.end())
			continue
		}
		groups = append(groups, []stroke{s})
		delete(last, s.failed)
		if fits {
			last[s.failed], until[s.failed] = len(groups)-1, s.end()
		}
	}
	return groups
}

func drawBar(group []stroke, whole scale) timelineBar {
	first, end := group[0], group[0].end()
	work := map[string]time.Duration{}
	for _, s := range group {
		end = max(end, s.end())
		work[s.class()] += s.elapsed + 1
	}
	b := timelineBar{Class: first.class(), Failed: first.failed, Open: first.open}
	// A group has the colour of what took most of its time.
	for _, s := range group {
		if work[s.class()] > work[b.Class] {
			b.Class = s.class()
		}
	}
	b.X, b.W = whole.box(first.start, end-first.start)
	b.Wide = whole.share(end)-whole.share(first.start) > 4*thinnest
	if len(group) == 1 {
		b.Title = first.text(whole)
	} else {
		b.Title = groupText(group, end, whole)
	}
	return b
}
