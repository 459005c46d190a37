package report

import (
	"maps"
	"slices"
	"time"

	"pgsluice/internal/progress"
)

// begin tells the start and, once there is one, the plan.
func (e *events) begin(s progress.Snapshot) {
	if !e.begun {
		e.begun = true
		e.add(0, "start", func(h eventHead) any {
			return eventStart{eventHead: h, StartedAt: s.Started.UTC(), WindowSeconds: progress.Window.Seconds()}
		})
	}
	if total := totalOf(s); !e.planned && total > 0 {
		e.planned = true
		// The plan is older than the first task that started by it, and has no time of its own.
		at := s.Elapsed
		for _, ph := range s.Phases {
			if ph.State != progress.StateWaiting && ph.Total > 0 {
				at = min(at, ph.Start)
			}
		}
		e.add(at, "plan", func(h eventHead) any { return planOf(h, s) })
	}
}

func totalOf(s progress.Snapshot) (total int) {
	for _, ph := range s.Phases {
		total += ph.Total
	}
	return total
}

// lists tells what is new in the lists that are only ever appended to.
func (e *events) lists(s progress.Snapshot) {
	steps := s.Steps
	if s.Step.Text != "" {
		steps = append(steps, s.Step) // its capacity is cut: this copies
	}
	for ; e.steps < len(steps); e.steps++ {
		step := steps[e.steps]
		e.add(step.Start, "step", func(h eventHead) any { return eventStep{h, step.Text} })
	}
	for ; e.leftOut < len(s.LeftOut); e.leftOut++ {
		l := s.LeftOut[e.leftOut]
		e.add(l.At, "left_out", func(h eventHead) any { return eventLeftOut{h, l.Object, l.Reason} })
	}
	for ; e.warnings < len(s.Warnings); e.warnings++ {
		w := s.Warnings[e.warnings]
		e.add(w.At, "warning", func(h eventHead) any { return eventWarning{h, w.Object, w.Message} })
	}
}

// tasks tells which tasks have started and which have ended. One that did both since the last look is told of twice, too,
// and one that is neither in work nor ended any more was interrupted.
func (e *events) tasks(s progress.Snapshot) {
	e.undone(s)
	for len(e.ends) < len(s.Finished) {
		f := s.Finished[len(e.ends)]
		e.ends = append(e.ends, endOfTask(f))
		if f.Earlier {
			e.add(s.Elapsed, "task_earlier", func(h eventHead) any { return earlierTask(h, f) })
			continue
		}
		if _, known := e.running[f.Task.ID]; !known {
			e.started(f.Task, f.Worker, f.Start)
		}
		delete(e.running, f.Task.ID)
		e.add(f.Start+f.Elapsed, "task_ended", func(h eventHead) any { return endedTask(h, f) })
		if f.Error != "" {
			e.add(f.Start+f.Elapsed, "failure", func(h eventHead) any {
				return eventFailure{h, taskOf(f.Task, f.Worker), f.Error}
			})
		}
	}
	working := make(map[int]progress.RunningTask, len(s.Running))
	for _, r := range s.Running {
		if _, known := e.running[r.Task.ID]; !known {
			e.started(r.Task, r.Worker, r.Start)
		}
		working[r.Task.ID] = r
	}
	for _, id := range slices.Sorted(maps.Keys(e.running)) {
		if _, still := working[id]; !still {
			r := e.running[id]
			e.add(s.Elapsed, "task_ended", func(h eventHead) any { return interruptedTask(h, r, s.Elapsed) })
		}
	}
	e.running = working
}

func (e *events) started(t progress.Task, w progress.Worker, at time.Duration) {
	e.add(at, "task_started", func(h eventHead) any {
		return eventTaskStarted{h, taskOf(t, w), positive(t.Bytes), positive(t.Rows)}
	})
}

// stuck tells what holds tasks up.
func (e *events) stuck(s progress.Snapshot) {
	for _, b := range newlyBlocked(e.blocked, s) {
		e.add(s.Elapsed, "blocked", func(h eventHead) any {
			return eventBlocked{h, taskOf(b.task, b.worker), convert(b.blockers, blockerOf)}
		})
	}
	for _, held := range newlyHeldUp(e.heldUp, s) {
		e.add(s.Elapsed, "holds_up", func(h eventHead) any { return eventHoldsUp{h, heldUpOf(held)} })
	}
	for ; e.freed < len(s.Source.Freed); e.freed++ {
		freed := s.Source.Freed[e.freed]
		e.add(s.Elapsed, "freed", func(h eventHead) any { return eventHoldsUp{h, heldUpOf(freed)} })
	}
	if newlyStalled(&e.stalled, s) {
		e.add(s.Elapsed, "stalled", func(h eventHead) any { return stalledOf(h, s) })
	}
}

// progress tells the state of everything, every so often and when a phase has changed its state.
func (e *events) progress(s progress.Snapshot, ended bool) {
	changed := false
	for i, ph := range s.Phases {
		changed = changed || ph.State != e.phases[i]
		e.phases[i] = ph.State
	}
	now := time.Now()
	if changed || ended || now.Sub(e.told) >= e.every-earlyTick {
		e.told = now
		e.add(s.Elapsed, "progress", func(h eventHead) any { return progressOf(h, s) })
	}
}
