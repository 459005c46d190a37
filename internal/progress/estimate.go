package progress

import "time"

// estimate corrects the plan's estimates of the data tasks by what they turn out to be. It holds sums only, so that it
// costs the same for any number of tasks.
//
// What a task is expected to move: one that has ended, what it has moved. One that waits, its estimate times a factor
// learnt from those that are done. One in work, the same, but the more of its rows have arrived, the more the bytes
// of these count: by them alone at its end.
type estimate struct {
	planned int64 // of all tasks
	waiting int64 // of those that have not started
	done    int64 // of those that are done and had an estimate
	moved   int64 // what those have moved
	lost    int64 // of those that failed or were broken off, what did not arrive
}

const (
	// evidence is the share of the whole estimate that is believed beforehand to hold: the first small table that is
	// twice as large as estimated must not double the total.
	evidence = 0.05
	// A factor beyond these says more about the tasks that are done than about those to come.
	leastFactor, mostFactor = 0.2, 5
)

func (e *estimate) factor() float64 {
	prior := evidence * float64(e.planned)
	if prior == 0 {
		return 1
	}
	f := (float64(e.moved) + prior) / (float64(e.done) + prior)
	return min(max(f, leastFactor), mostFactor)
}

// plan takes note of the estimate of a task to come.
func (e *estimate) plan(estimated int64) {
	e.planned += max(estimated, 0)
	e.waiting += max(estimated, 0)
}

// end takes note of what a task has moved in the end.
func (e *estimate) end(estimated, moved int64) {
	if estimated > 0 {
		e.done += estimated
		e.moved += moved
	}
}

// unend takes back what end took note of.
func (e *estimate) unend(estimated, moved int64) {
	if estimated > 0 {
		e.done -= estimated
		e.moved -= moved
	}
}

// lose takes note of a task that failed or was broken off.
func (e *estimate) lose(estimated, moved int64) { e.lost += max(estimated-moved, 0) }

// unlose takes back what lose took note of.
func (e *estimate) unlose(estimated, moved int64) { e.lost -= max(estimated-moved, 0) }

// toCome is what the tasks that wait are expected to move.
func (e *estimate) toCome() int64 { return int64(float64(e.waiting) * e.factor()) }

// expectedBytes of a task in work that has moved bytes and rows so far, where factor corrects its estimate.
func expectedBytes(t Task, bytes, rows int64, factor float64) int64 {
	expected := float64(t.Bytes) * factor
	if t.Rows > 0 && rows > 0 {
		byRows := float64(t.Rows) * float64(bytes) / float64(rows)
		share := min(float64(rows)/float64(t.Rows), 1)
		if t.Bytes <= 0 {
			share = 1
		}
		expected += (byRows - expected) * share
	}
	return max(int64(expected), bytes)
}

// tooYoung is how long the data phase, or a task, is too young to foretell anything.
const tooYoung = time.Second

// remaining is how long toMove bytes will take, negative if that is not known. The windowed rate alone makes it jump, and
// the average forgets nothing: it goes by the mean of both. It is no shorter than longest, what one task will take:
// towards the end a large table is often copied alone.
func remaining(toMove int64, d DataStatus, span, longest time.Duration) time.Duration {
	if toMove <= 0 || span < tooYoung || d.Windowed == 0 { // nothing moves: who knows for how long
		return unknown
	}
	all := lasts(toMove, (d.Windowed+d.Average)/2)
	if all < 0 {
		return unknown
	}
	return max(all, longest)
}

// remainingOf is how long a task in work will take at the rate that it has had, negative if that is not known.
func remainingOf(toMove, moved int64, elapsed time.Duration) time.Duration {
	if toMove <= 0 || elapsed < tooYoung {
		return unknown
	}
	return lasts(toMove, perSecond(moved, elapsed))
}

const (
	unknown = time.Duration(-1)
	// tooLong is the most that is foretold: beyond it the rate is as good as none.
	tooLong = 10000 * time.Hour
)

func lasts(bytes int64, rate float64) time.Duration {
	if rate <= 0 || float64(bytes)/rate > tooLong.Seconds() {
		return unknown
	}
	return time.Duration(float64(bytes) / rate * float64(time.Second))
}
