package progress

import "time"

// Snapshot returns the state of this moment. It costs a copy of the running tasks, not of the
// finished ones, so it may be taken several times a second. Observers that take snapshots also
// feed the windowed rate, the idle time and the history: without any, these are measured between
// the ends of tasks, and there is no history.
func (t *Tracker) Snapshot() Snapshot {
	s, l := t.look()
	// The sums exclude the tasks that still run, and these are asked without the lock: a watch
	// may wait for a lock of its owner's.
	for _, watch := range l.watches {
		s.Stages = addStages(s.Stages, watch())
	}
	s.Bottleneck = bottleneckOf(s.Stages)
	if l.pointDue {
		p := Point{At: l.pointAt, Bytes: s.Data.Bytes + s.Data.Redone, Rows: s.Data.Rows, Stages: s.Stages}
		t.mu.Lock()
		t.history.add(p)
		s.History = t.history.share()
		t.mu.Unlock()
	}
	return s
}

// owed is what is left to do for a snapshot, most of it without the lock.
type owed struct {
	longest  time.Duration // remaining of the data task that will take longest; negative if none is known
	watches  []func() []StageTime
	pointDue bool
	pointAt  time.Duration
}

func (t *Tracker) look() (Snapshot, owed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	s := Snapshot{
		Started: t.started, Elapsed: now, Over: t.over, Paused: t.paused && !t.over,
		Step:  t.step,
		Steps: t.steps[:len(t.steps):len(t.steps)],
		// Cutting the capacity lets the tracker append without touching what is shared.
		Finished:    t.finished[:len(t.finished):len(t.finished)],
		Failures:    t.failures[:len(t.failures):len(t.failures)],
		Interrupted: t.broken[:len(t.broken):len(t.broken)],
		Warnings:    t.warnings[:len(t.warnings):len(t.warnings)],
		LeftOut:     t.leftOut[:len(t.leftOut):len(t.leftOut)],
		Retries:     t.retries[:len(t.retries):len(t.retries)],
		RetryCount:  t.retryCount,
		Analyze:     t.analyze,
		Source:      t.source,
		Stages:      append([]StageTime(nil), t.stages...),
		History:     t.history.share(),
	}
	if s.Step.Text != "" {
		s.Step.Elapsed = now - s.Step.Start
	}
	for _, p := range Phases() {
		s.Phases[p] = t.phaseStatus(p, now)
	}
	l := t.fillRunning(&s)
	t.fillData(&s, l.longest)
	data := s.Phases[Data]
	l.pointAt = data.Start + data.Span
	l.pointDue = t.history.due(l.pointAt, data.State == StateDone || data.State == StateFailed)
	return s, l
}

// fillRunning lists the tasks in work and adds what they have moved to the totals.
func (t *Tracker) fillRunning(s *Snapshot) (l owed) {
	d := &s.Data
	d.Bytes, d.Rows, d.Redone = t.dataBytes, t.dataRows, t.redone
	d.Written, d.EarlierBytes, d.EarlierRows = t.written.Load(), t.earlierBytes, t.earlierRows
	d.Expected, d.ExpectedRows = t.dataBytes+t.bytes.toCome(), t.dataRows+t.rows.toCome()
	l.longest = unknown
	byteFactor, rowFactor := t.bytes.factor(), t.rows.factor()
	for _, r := range t.running {
		rt := RunningTask{
			Task: r.named(), Start: r.start, Elapsed: s.Elapsed - r.start,
			Bytes: r.bytes.Load(), Rows: r.rows.Load(), Worker: r.worker, Detail: r.detail, Retry: r.retry,
		}
		s.Running = append(s.Running, rt)
		s.Phases[r.task.Phase].Work += rt.Elapsed
		if r.task.Phase != Data {
			continue
		}
		d.Bytes += rt.Bytes
		expected := expectedBytes(r.task, rt.Bytes, rt.Rows, byteFactor)
		d.Expected += expected
		s.Running[len(s.Running)-1].Expected = expected
		l.longest = max(l.longest, remainingOf(expected-rt.Bytes, rt.Bytes, rt.Elapsed))
		if r.task.isPart() {
			d.Rows += rt.Rows
			d.ExpectedRows += max(int64(float64(r.task.Rows)*rowFactor), rt.Rows)
		}
		if r.watch != nil {
			l.watches = append(l.watches, r.watch)
		}
	}
	return l
}

// fillData completes what is said of the data phase. Rates are measured at the end of the phase once it has ended, so
// that the last rate stands instead of sinking to zero.
func (t *Tracker) fillData(s *Snapshot, longest time.Duration) {
	d, data := &s.Data, s.Phases[Data]
	d.TablesDone, d.TablesTotal = t.tablesDone, t.tablesTotal
	if t.phases[Data].begun {
		d.Windowed = t.rate.observe(data.Start+data.Span, d.Bytes+d.Redone)
		d.Average = perSecond(d.Bytes+d.Redone, data.Span)
		d.Peak = max(t.rate.peak, d.Average)
	}
	d.Idle = t.idle.see(s.Elapsed, d.Bytes+d.Redone, data.Running > 0 && !s.Over && !s.Paused)
	if t.bytes.planned == 0 {
		d.Expected = 0
	}
	if t.rows.planned == 0 {
		d.ExpectedRows = 0
	}
	switch {
	case data.State == StateDone:
		d.Expected, d.ExpectedRows = d.Bytes, d.Rows
	case s.Over: // what did not arrive was expected all the same
		d.Expected += t.bytes.lost
		d.ExpectedRows += t.rows.lost
	case data.State == StateFailed:
	case s.Paused: // nobody knows for how long
		d.Remaining = unknown
	default:
		d.Remaining = remaining(d.Expected-d.Bytes, *d, data.Span, longest)
	}
}

func (t *Tracker) phaseStatus(id Phase, now time.Duration) PhaseStatus {
	p := &t.phases[id]
	s := PhaseStatus{
		Phase: id, Start: p.first, Span: p.last - p.first, Work: p.work,
		Total: p.total, Done: p.done, Earlier: p.earlier, Failed: p.failed, Running: p.running,
	}
	switch {
	case p.complete() && p.failed > 0:
		s.State = StateFailed
	case p.complete() && (p.total > 0 || t.tasksPlanned() > 0 && !t.discovering):
		s.State = StateDone
	case !p.begun:
		s.State = StateWaiting
	case t.over:
		s.State = StateFailed
	default:
		s.State = StateRunning
	}
	if s.State == StateRunning || p.running > 0 {
		s.Span = now - p.first
	}
	return s
}
