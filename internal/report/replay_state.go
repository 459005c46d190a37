package report

import (
	"time"

	"pgsluice/internal/progress"
)

// progress takes the state of everything.
func (r *Replay) progress(at time.Duration, e eventProgress) {
	r.state(at, e.eventState)
	r.s.Paused = e.Paused
	if e.Step == nil {
		r.endStep(at)
	} else if r.s.Step.Text == *e.Step {
		r.s.Step.Elapsed = at - r.s.Step.Start
	}
	if e.Source != nil {
		freed := r.s.Source.Freed
		r.s.Source = progress.Source{
			SnapshotAge: duration(e.Source.SnapshotSeconds), Released: e.Source.Released, XIDAge: e.Source.XIDAge,
			DatabaseXIDAge: e.Source.DatabaseXIDAge, FreezeMaxAge: e.Source.FreezeMaxAge, Freed: freed,
		}
		for _, h := range e.Source.HeldUp {
			r.s.Source.HeldUp = append(r.s.Source.HeldUp, r.heldUp(h))
		}
	}
	r.s.Running = nil // and not emptied: snapshots share it
	for _, running := range e.Running {
		r.s.Running = append(r.s.Running, running.again(at))
	}
}

func (r *Replay) end(at time.Duration, e eventEnd) {
	r.state(at, e.eventState)
	r.endStep(at)
	r.s.Over, r.s.Paused, r.s.Running = e.Over, false, nil
}

func (r *Replay) state(at time.Duration, e eventState) {
	if r.s.Started.IsZero() {
		r.s.Started = time.Now().Add(-at) // progress came before start did
	}
	r.s.Elapsed = at
	for i, ph := range e.Phases {
		if i == len(r.s.Phases) {
			break
		}
		start := at
		if ph.StartSeconds != nil {
			start = duration(*ph.StartSeconds)
		}
		r.s.Phases[i] = progress.PhaseStatus{
			Phase: progress.Phase(i), State: stateNamed(ph.State), Start: start, Span: duration(ph.SpanSeconds),
			Total: ph.Total, Done: ph.Done, Earlier: ph.Earlier, Failed: ph.Failed, Running: ph.Running,
		}
	}
	d := e.Data
	r.s.Data = progress.DataStatus{
		Bytes: d.Bytes, Redone: d.RedoneBytes, EarlierBytes: d.EarlierBytes, EarlierRows: d.EarlierRows, Rows: d.Rows,
		Expected: number(d.ExpectedBytes), ExpectedRows: number(d.ExpectedRows), Remaining: -1, Idle: duration(d.IdleSeconds),
		TablesDone: d.TablesDone, TablesTotal: d.TablesTotal, Windowed: d.WindowedBytesPerSecond, Average: d.AverageBytesPerSecond,
		Peak: max(r.s.Data.Peak, d.WindowedBytesPerSecond, d.AverageBytesPerSecond),
	}
	if d.RemainingSeconds != nil {
		r.s.Data.Remaining = duration(*d.RemainingSeconds)
	}
	r.s.Analyze = progress.Count(e.Analyze)
	r.s.Stages = nil
	for _, st := range e.Stages {
		r.s.Stages = append(r.s.Stages, progress.StageTime{
			Name: st.Name, Elapsed: duration(st.ElapsedSeconds), Busy: duration(st.BusySeconds),
			WaitIn: duration(st.WaitInSeconds), WaitOut: duration(st.WaitOutSeconds), Bytes: st.Bytes,
		})
	}
	r.s.Bottleneck = progress.Bottleneck{}
	if b := e.Bottleneck; b != nil {
		r.s.Bottleneck = progress.Bottleneck{Stage: b.Stage, Busy: b.BusyShare, Text: b.Text}
	}
}

// again is the task and who does it.
func (e eventTask) again() (progress.Task, progress.Worker) {
	return progress.Task{ID: e.ID, Phase: phaseNamed(e.Phase), Kind: e.Kind, Name: e.Name, Table: word(e.Table)},
		progress.Worker{Name: word(e.Worker), SourcePID: number(e.SourcePID), TargetPID: number(e.TargetPID)}
}

func (e eventRunning) again(at time.Duration) progress.RunningTask {
	t, w := e.eventTask.again()
	d := progress.Detail{
		Activity: word(e.Activity), Done: e.Done, Total: number(e.Total), Unit: word(e.Unit), Parallel: e.ParallelWorkers,
		SourceWait: word(e.SourceWait), TargetWait: word(e.TargetWait),
	}
	for _, b := range e.BlockedBy {
		blocker := progress.Blocker{Server: b.Server, PID: b.PID, Application: word(b.Application), User: word(b.User), State: word(b.State), Ours: b.Ours}
		if b.QueryStartedAt != nil {
			blocker.QueryStart = *b.QueryStartedAt
		}
		d.BlockedBy = append(d.BlockedBy, blocker)
	}
	elapsed := duration(e.ElapsedSeconds)
	task := progress.RunningTask{
		Task: t, Worker: w, Start: at - elapsed, Elapsed: elapsed, Bytes: e.Bytes, Expected: number(e.ExpectedBytes), Rows: e.Rows, Detail: d,
	}
	if e.RetryCause != nil {
		task.Retry = progress.Retry{Object: t.Name, Cause: *e.RetryCause}
	}
	return task
}

// heldUp is the session as it is now. When it began to wait tells its wait from another one of the same pid; the events say it with the inaccuracy
// of a look, so it stays what it was at first.
func (r *Replay) heldUp(e eventHeldUp) progress.HeldUp {
	h := progress.HeldUp{PID: e.PID, Application: word(e.Application), User: word(e.User), Wants: e.Wants, Behind: e.Behind, For: duration(e.WaitedSeconds)}
	h.Since = r.s.Elapsed - h.For
	if before, ok := r.held[h.PID]; ok && before.For <= h.For {
		h.Since = before.Since
	}
	if r.held == nil {
		r.held = map[uint32]progress.HeldUp{}
	}
	r.held[h.PID] = h
	return h
}

func phaseNamed(name string) progress.Phase {
	for i := range (progress.Snapshot{}).Phases {
		if ph := progress.Phase(i); ph.String() == name {
			return ph
		}
	}
	return progress.Schema
}

func stateNamed(name string) progress.State {
	for _, s := range []progress.State{progress.StateRunning, progress.StateDone, progress.StateFailed} {
		if s.String() == name {
			return s
		}
	}
	return progress.StateWaiting
}
