package report

import (
	"math"
	"time"

	"pgsluice/internal/progress"
)

// interval is what happened between two points.
type interval struct {
	from, to time.Duration
	in, out  float64 // bytes per second at the last stage and at the first
	busy     []float64
	busiest  int // -1 if none was busy
}

// mostIntervals keeps the line legible: more of them would show noise.
const mostIntervals = 150

// intervals takes differences of the points that are far enough apart to give a rate, not noise.
func intervals(points []progress.Point) []interval {
	if len(points) < 2 {
		return nil
	}
	last := points[len(points)-1]
	least := max((last.At-points[0].At)/mostIntervals, 1)
	used := points[:1:1]
	for _, p := range points[1:] {
		if p.At-used[len(used)-1].At >= least {
			used = append(used, p)
		}
	}
	// The last point stands wherever it falls, but not at the end of a stretch too short for a rate.
	if n := len(used); n > 1 {
		used[n-1] = last
	}
	if n := len(used); n > 2 && used[n-1].At-used[n-2].At < (used[n-2].At-used[n-3].At)/2 {
		used = append(used[:n-2], last)
	}
	var all []interval
	for i := 1; i < len(used); i++ {
		all = append(all, difference(used[i-1], used[i], last.Stages))
	}
	return all
}

func difference(a, b progress.Point, stages []progress.StageTime) interval {
	seconds := (b.At - a.At).Seconds()
	iv := interval{from: a.At, to: b.At, busiest: -1, in: float64(max(b.Bytes-a.Bytes, 0)) / seconds}
	iv.out = iv.in
	top := 0.0
	for i := range stages {
		x, y := stageAt(a, stages, i), stageAt(b, stages, i)
		busy := 0.0
		if elapsed := y.Elapsed - x.Elapsed; elapsed > 0 {
			busy = min(max(float64(y.Busy-x.Busy)/float64(elapsed), 0), 1)
		}
		iv.busy = append(iv.busy, busy)
		if busy > top {
			top, iv.busiest = busy, i
		}
		rate := float64(max(y.Bytes-x.Bytes, 0)) / seconds
		if i == 0 {
			iv.out = rate
		}
		if i == len(stages)-1 {
			iv.in = rate
		}
	}
	return iv
}

// stageAt finds stage i of all in an earlier point, which may lack stages that came later.
func stageAt(p progress.Point, all []progress.StageTime, i int) progress.StageTime {
	nth := 0
	for _, s := range all[:i] {
		if s.Name == all[i].Name {
			nth++
		}
	}
	for _, s := range p.Stages {
		if s.Name != all[i].Name {
			continue
		}
		if nth == 0 {
			return s
		}
		nth--
	}
	return progress.StageTime{}
}

// coincide tells whether the two lines would lie on each other: what a pipe holds is little.
func coincide(all []interval, peak float64) bool {
	for _, iv := range all {
		if math.Abs(iv.in-iv.out) > 0.03*peak {
			return false
		}
	}
	return true
}
