package report

import (
	"math"
	"time"

	"pgsluice/internal/progress"
)

func planOf(h eventHead, s progress.Snapshot) eventPlan {
	state := s.Phases[progress.Data].State
	return eventPlan{
		eventHead: h,
		Phases: convert(s.Phases[:], func(ph progress.PhaseStatus) eventPlanned {
			return eventPlanned{ph.Phase.String(), ph.Total}
		}),
		TablesTotal: s.Data.TablesTotal, AnalyzeTotal: s.Analyze.Total,
		ExpectedBytes: expected(s.Data.Expected, state), ExpectedRows: expected(s.Data.ExpectedRows, state),
	}
}

func taskOf(t progress.Task, w progress.Worker) eventTask {
	return eventTask{
		ID: t.ID, Phase: t.Phase.String(), Kind: t.Kind, Name: t.Name, Table: orNull(t.Table),
		Worker: orNull(w.Name), SourcePID: positive(w.SourcePID), TargetPID: positive(w.TargetPID),
	}
}

func endedTask(h eventHead, f progress.FinishedTask) eventTaskEnded {
	outcome := "done"
	if f.Error != "" {
		outcome = "failed"
	}
	return eventTaskEnded{
		eventHead: h, eventTask: taskOf(f.Task, f.Worker), Outcome: outcome,
		StartSeconds: seconds(f.Start), DurationSeconds: seconds(f.Elapsed),
		Rows: f.Rows, Bytes: f.Bytes, Error: orNull(f.Error),
	}
}

// interruptedTask goes by what was last seen of the task.
func interruptedTask(h eventHead, r progress.RunningTask, now time.Duration) eventTaskEnded {
	return eventTaskEnded{
		eventHead: h, eventTask: taskOf(r.Task, r.Worker), Outcome: "interrupted",
		StartSeconds: seconds(r.Start), DurationSeconds: seconds(now - r.Start), Rows: r.Rows, Bytes: r.Bytes,
	}
}

func blockerOf(b progress.Blocker) eventBlocker {
	j := eventBlocker{
		Server: b.Server, PID: b.PID, Application: orNull(b.Application), User: orNull(b.User), State: orNull(b.State), Ours: b.Ours,
	}
	if !b.QueryStart.IsZero() {
		at := b.QueryStart.UTC()
		j.QueryStartedAt = &at
	}
	return j
}

func stalledOf(h eventHead, s progress.Snapshot) eventStalled {
	j := eventStalled{eventHead: h, IdleSeconds: seconds(s.Data.Idle), Waiting: []eventWaiter{}}
	for _, r := range s.Running {
		if r.Task.Phase == progress.Data {
			j.Waiting = append(j.Waiting, eventWaiter{
				taskOf(r.Task, r.Worker), orNull(r.Detail.SourceWait), orNull(r.Detail.TargetWait),
			})
		}
	}
	return j
}

func stateOf(s progress.Snapshot) eventState {
	d, state := s.Data, s.Phases[progress.Data].State
	j := eventState{
		Phases: convert(s.Phases[:], func(ph progress.PhaseStatus) eventPhase {
			j := eventPhase{
				Name: ph.Phase.String(), State: ph.State.String(), SpanSeconds: seconds(ph.Span),
				Total: ph.Total, Done: ph.Done, Earlier: ph.Earlier, Failed: ph.Failed, Running: ph.Running,
			}
			if begunHere(ph) {
				start := seconds(ph.Start)
				j.StartSeconds = &start
			}
			return j
		}),
		Data: eventData{
			Bytes: d.Bytes, ExpectedBytes: expected(d.Expected, state), Rows: d.Rows, ExpectedRows: expected(d.ExpectedRows, state),
			WindowedBytesPerSecond: math.Round(d.Windowed), AverageBytesPerSecond: math.Round(d.Average),
			EarlierBytes: d.EarlierBytes, EarlierRows: d.EarlierRows, RedoneBytes: d.Redone, WrittenBytes: d.Written,
			IdleSeconds: seconds(d.Idle), TablesTotal: d.TablesTotal, TablesDone: d.TablesDone,
		},
		Analyze:    eventCount(s.Analyze),
		Stages:     convert(s.Stages, stage),
		Bottleneck: bottleneckJSON(s.Bottleneck),
	}
	if d.Remaining >= 0 {
		remaining := seconds(d.Remaining)
		j.Data.RemainingSeconds = &remaining
	}
	return j
}

func progressOf(h eventHead, s progress.Snapshot) eventProgress {
	return eventProgress{eventHead: h, eventState: stateOf(s), Source: sourceOf(s.Source), Step: orNull(s.Step.Text), Paused: s.Paused, Running: convert(s.Running, runningOf)}
}

func runningOf(r progress.RunningTask) eventRunning {
	d := r.Detail
	j := eventRunning{
		eventTask: taskOf(r.Task, r.Worker), ElapsedSeconds: seconds(r.Elapsed), Bytes: r.Bytes, ExpectedBytes: positive(r.Expected), Rows: r.Rows,
		Activity: orNull(d.Activity), Done: d.Done, Total: positive(d.Total), Unit: orNull(d.Unit), ParallelWorkers: d.Parallel,
		SourceWait: orNull(d.SourceWait), TargetWait: orNull(d.TargetWait), BlockedBy: convert(d.BlockedBy, blockerOf),
		RetryCause: orNull(r.Retry.Cause),
	}
	if percent, ok := d.Percent(); ok {
		percent = math.Round(percent*10) / 10
		j.Percent = &percent
	}
	return j
}

func endOf(h eventHead, s progress.Snapshot) eventEnd {
	return eventEnd{
		eventHead: h, eventState: stateOf(s), Over: s.Over,
		LeftOut: len(s.LeftOut), Warnings: len(s.Warnings), Failures: len(s.Failures), Retries: s.RetryCount,
	}
}
