package progress

import (
	"sync/atomic"
	"time"
)

// Running is a task in work. Its methods may be called from any goroutine.
type Running struct {
	tracker *Tracker
	task    Task
	start   time.Duration
	bytes   atomic.Int64
	rows    atomic.Int64
	worker  Worker // guarded by tracker.mu, like all below
	others  int    // that it stands for, see With
	detail  Detail
	retry   Retry              // zero unless the next attempt has no sessions yet
	watch   func() []StageTime // nil if there is none
}

// AddBytes counts n more bytes that this task has moved. It is one atomic addition and never
// waits. What arrives after the end is not counted.
func (r *Running) AddBytes(n int64) { r.bytes.Add(n) }

// Moved is how many bytes it has counted since it began, or began anew.
func (r *Running) Moved() int64 { return r.bytes.Load() }

// Watch gives a source of the task's stage times while it runs, measured from its own start.
// Snapshots call it without any lock held, from the observers' goroutines, possibly several at
// once and once more just after the task has ended, and so does Fail; it must return at once.
func (r *Running) Watch(stages func() []StageTime) {
	r.tracker.mu.Lock()
	defer r.tracker.mu.Unlock()
	r.watch = stages
}

// Done says that the task has ended well, having moved that many rows; stages is what its pipeline
// measured, nil if it had none. Only the first of Done, Fail and Interrupt counts.
func (r *Running) Done(rows int64, stages []StageTime) {
	r.tracker.end(r, rows, stages, nil)
}

// Fail says that the task has ended with an error, which must not be nil. Its bytes and rows stay counted as moved, and
// so do the stage times that its watch, if any, now says. Only the first of Done, Fail and Interrupt counts.
func (r *Running) Fail(err error) {
	var stages []StageTime
	if watch := r.watched(); watch != nil {
		stages = watch()
	}
	r.tracker.end(r, 0, stages, err)
}

func (r *Running) watched() func() []StageTime {
	r.tracker.mu.Lock()
	defer r.tracker.mu.Unlock()
	return r.watch
}

// Interrupt says that the task was broken off because the transfer ends, for a reason that is not its own: it is neither
// done nor failed. Its bytes and rows stay counted as moved, and stages is what its pipeline measured. Only the first of Done,
// Fail and Interrupt counts.
func (r *Running) Interrupt(stages []StageTime) {
	r.tracker.interrupt(r, stages)
}
