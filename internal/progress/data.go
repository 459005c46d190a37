package progress

import "time"

// startData takes an estimate from those that wait to those in work.
func (t *Tracker) startData(now time.Duration, task Task) {
	if t.dataRunning == 0 {
		t.idle.see(now, t.dataBytes+t.redone, false)
	}
	t.dataRunning++
	t.unwait(task)
}

func (t *Tracker) unwait(task Task) {
	t.bytes.waiting -= max(task.Bytes, 0)
	if task.isPart() {
		t.rows.waiting -= max(task.Rows, 0)
	}
}

// endData adds an ended data task to the totals of the data phase.
func (t *Tracker) endData(now time.Duration, f FinishedTask, stages []StageTime) {
	if f.Error == "" {
		t.arrived(f)
	}
	if f.Error != "" {
		t.loseData(f)
	}
	t.moved(now, f.Task, f.Bytes, f.Rows, stages)
}

// arrived takes note of a data task that has arrived in full.
func (t *Tracker) arrived(f FinishedTask) {
	t.bytes.end(f.Task.Bytes, f.Bytes)
	if f.Task.isPart() {
		t.rows.end(f.Task.Rows, f.Rows)
		key := f.Task.tableKey()
		if t.parts[key]--; t.parts[key] == 0 {
			t.tablesDone++
		}
	}
}

// loseData takes note of a data task that has not arrived in full.
func (t *Tracker) loseData(f FinishedTask) {
	t.bytes.lose(f.Task.Bytes, f.Bytes)
	if f.Task.isPart() {
		t.rows.lose(f.Task.Rows, f.Rows)
	}
}

// moved adds what a data task has moved that is no longer in work, however it ended.
func (t *Tracker) moved(now time.Duration, task Task, bytes, rows int64, stages []StageTime) {
	t.dataRunning--
	t.dataBytes += bytes
	if task.isPart() {
		t.dataRows += rows
	}
	t.stages = addStages(t.stages, stages)
	t.observe(now)
}

// observe gives the bytes moved so far to the rate, when a data task has ended: that is a sign of life, too. The
// caller holds mu.
func (t *Tracker) observe(now time.Duration) {
	total := t.movedBytes()
	t.rate.observe(now, total)
	t.idle.see(now, total, false)
}
