package progress

import (
	"slices"
	"time"
)

const (
	// historyPoints is how many points are kept: as many as a picture has room for.
	historyPoints = 600
	// historyGap is the first distance between two of them, that of the usual tick.
	historyGap = Tick
)

// history keeps points of the data phase, evenly spread however long it lasts: when there are too many, every second
// one is dropped and the distance doubled. Its list is only appended to or replaced, so that snapshots can share it.
type history struct {
	points []Point
	gap    time.Duration
	taken  time.Duration // when the last one was asked for
}

// due tells whether a point should be taken now; if so, the caller owes it.
func (h *history) due(now time.Duration, end bool) bool {
	if len(h.points) == 0 {
		return false
	}
	// A tick may come a little early.
	if end && now > h.taken || now-h.taken >= h.gap-historyGap/4 {
		h.taken = now
		return true
	}
	return false
}

// begin keeps the point at the start of the phase.
func (h *history) begin(now time.Duration) {
	h.points, h.gap, h.taken = []Point{{At: now}}, historyGap, now
}

// add keeps a point; one that comes late, behind another, is passed over.
func (h *history) add(p Point) {
	if p.At <= h.points[len(h.points)-1].At {
		return
	}
	if len(h.points) >= historyPoints {
		kept := make([]Point, 0, historyPoints)
		for i := 0; i < len(h.points); i += 2 {
			kept = append(kept, h.points[i])
		}
		h.points, h.gap = kept, 2*h.gap
	}
	h.points = append(h.points, p)
}

// share returns the points kept until now.
func (h *history) share() []Point { return slices.Clip(h.points) }
