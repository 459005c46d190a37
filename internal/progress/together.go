package progress

import (
	"fmt"
	"time"
)

// Share is what one of several tasks that were done together has moved.
type Share struct {
	ID          int
	Rows, Bytes int64
}

// With says that the task is done together with that many others, which are in work without having been started: this one stands
// for them, and counts what all of them move.
func (r *Running) With(others int) {
	r.tracker.mu.Lock()
	defer r.tracker.mu.Unlock()
	r.others = others
}

// named is the task as it is shown.
func (r *Running) named() Task {
	t := r.task
	if r.others > 0 {
		t.Name = fmt.Sprintf("%s and %d more", t.Name, r.others)
	}
	return t
}

// DoneTogether is Done for a task and those that it stands for, which wait to be started: all[0] is the task's own share. They are taken
// to have been done one after the other, each for as long. An ID of another that is not waiting panics.
func (r *Running) DoneTogether(all []Share, stages []StageTime) {
	t := r.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	now, ok := t.leave(r)
	if !ok {
		return
	}
	t.phases[r.task.Phase].work -= now - r.start // each gets its share
	each := (now - r.start) / time.Duration(len(all))
	for i, share := range all {
		task := r.task
		if i > 0 {
			task = t.join(share.ID, r.start)
		}
		t.doneTogether(FinishedTask{
			Task: task, Start: r.start + time.Duration(i)*each, Elapsed: each, Rows: share.Rows, Bytes: share.Bytes, Worker: r.worker,
		}, now)
	}
	t.stages = addStages(t.stages, stages)
	if r.task.Phase == Data {
		t.dataRunning--
		t.observe(now)
	}
}

// join takes a task that another one has stood for from those that wait. The caller holds mu.
func (t *Tracker) join(id int, since time.Duration) Task {
	task, ok := t.waiting[id]
	if !ok {
		panic(fmt.Sprintf("progress: task %d is not waiting", id))
	}
	delete(t.waiting, id)
	t.begin(task.Phase, since)
	if task.Phase == Data {
		t.unwait(task)
	}
	return task
}

func (t *Tracker) doneTogether(f FinishedTask, now time.Duration) {
	t.finished = append(t.finished, f)
	p := &t.phases[f.Task.Phase]
	p.done++
	p.last = now
	p.work += f.Elapsed
	if f.Task.isAnalyze() {
		t.analyze.end(false)
	}
	if f.Task.Phase != Data {
		return
	}
	t.arrived(f)
	t.dataBytes += f.Bytes
	if f.Task.isPart() {
		t.dataRows += f.Rows
	}
}
