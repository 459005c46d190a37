package progress

import (
	"fmt"
	"slices"
	"time"
)

// Again says that what the task has done so far is lost and that it begins anew, still in work. What it has moved counts as
// redone.
func (r *Running) Again() {
	t := r.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.running, r) {
		t.redo(r)
	}
}

// PutBack takes the task out of work as if it had never been started: it will be started again. Then only the first of
// PutBack, Done, Fail and Interrupt counts.
func (r *Running) PutBack() {
	t := r.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	now, ok := t.leave(r)
	if !ok {
		return
	}
	t.redo(r)
	t.wait(r.task)
	if r.task.Phase == Data {
		t.dataRunning--
		t.observe(now)
	}
}

// redo takes back what a task in work has moved. The caller holds mu.
func (t *Tracker) redo(r *Running) {
	bytes := r.bytes.Swap(0)
	r.rows.Store(0)
	r.watch, r.detail = nil, Detail{}
	if r.task.Phase == Data {
		t.redone += bytes
	}
}

// wait puts a task among those that wait. The caller holds mu.
func (t *Tracker) wait(task Task) {
	t.waiting[task.ID] = task
	if task.Phase == Data {
		t.bytes.waiting += max(task.Bytes, 0)
	}
	if task.isPart() {
		t.rows.waiting += max(task.Rows, 0)
	}
}

// Undo says that a task which was done, or which failed and is no part of a table, is so no more, because the target has lost it: it
// waits again. An ID of another panics.
func (t *Tracker) Undo(id int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.finished, func(f FinishedTask) bool { return f.Task.ID == id })
	if i < 0 || t.finished[i].Error != "" && t.finished[i].Task.isPart() {
		panic(fmt.Sprintf("progress: task %d is not done", id))
	}
	f := t.finished[i]
	t.finished = slices.Delete(slices.Clone(t.finished), i, i+1) // snapshots share the old list
	if f.Error == "" {
		t.phases[f.Task.Phase].done--
	} else {
		t.phases[f.Task.Phase].failed--
		t.failures = slices.DeleteFunc(slices.Clone(t.failures), func(f FinishedTask) bool { return f.Task.ID == id })
	}
	if f.Earlier {
		t.phases[f.Task.Phase].earlier--
	}
	t.wait(f.Task)
	if f.Task.isAnalyze() {
		t.analyze.Done--
	}
	if f.Task.Phase != Data {
		return
	}
	if f.Earlier {
		t.earlierBytes -= f.Bytes
		t.earlierRows -= f.Rows
		t.bytes.planned += max(f.Task.Bytes, 0)
	} else {
		t.dataBytes -= f.Bytes
		t.redone += f.Bytes
		if f.Error == "" {
			t.bytes.unend(f.Task.Bytes, f.Bytes)
		} else {
			t.bytes.unlose(f.Task.Bytes, f.Bytes)
		}
	}
	if f.Task.isPart() {
		if f.Earlier {
			t.rows.planned += max(f.Task.Rows, 0)
		} else {
			t.dataRows -= f.Rows
			t.rows.unend(f.Task.Rows, f.Rows)
		}
		if t.parts[f.Task.tableKey()]++; t.parts[f.Task.tableKey()] == 1 {
			t.tablesDone--
		}
	}
}

// Earlier says that a planned task was done by an earlier run, which moved that many rows and bytes. They count apart. An
// ID that is not waiting panics.
func (t *Tracker) Earlier(id int, rows, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	task, ok := t.waiting[id]
	if !ok {
		panic(fmt.Sprintf("progress: task %d is not waiting", id))
	}
	delete(t.waiting, id)
	t.finished = append(t.finished, FinishedTask{Task: task, Rows: rows, Bytes: bytes, Earlier: true})
	t.phases[task.Phase].done++
	t.phases[task.Phase].earlier++
	if task.isAnalyze() {
		t.analyze.Done++
	}
	if task.Phase == Data {
		t.bytes.waiting -= max(task.Bytes, 0)
		t.bytes.planned -= max(task.Bytes, 0)
		t.earlierBytes += bytes
	}
	if task.isPart() {
		t.rows.waiting -= max(task.Rows, 0)
		t.rows.planned -= max(task.Rows, 0)
		t.earlierRows += rows
		if t.parts[task.tableKey()]--; t.parts[task.tableKey()] == 0 {
			t.tablesDone++
		}
	}
}

// Retry is an attempt that was lost and made again.
type Retry struct {
	Object string        // as shown to a user
	Cause  string        // what happened
	Wait   time.Duration // until the next attempt
	At     time.Duration // since Snapshot.Started; Retrying sets it
}

// mostRetries are kept: a server that is away for long makes many.
const mostRetries = 200

// Retrying records an attempt that was lost; its At is set here.
func (t *Tracker) Retrying(r Retry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retrying(&r)
}

func (t *Tracker) retrying(r *Retry) {
	r.At = t.now()
	if t.retryCount++; len(t.retries) < mostRetries {
		t.retries = append(t.retries, *r)
	}
}

// Retrying records an attempt of this task that was lost, as Tracker.Retrying does, and that the task waits for the next one,
// until By says who makes it.
func (r *Running) Retrying(lost Retry) {
	t := r.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retrying(&lost)
	r.retry = lost
}
