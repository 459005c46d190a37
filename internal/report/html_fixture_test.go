package report

import (
	"math"
	"math/rand/v2"
	"time"

	"pgsluice/internal/progress"
)

// script is a made-up transfer: all that its workers would do if nothing stopped them.
type script struct {
	tasks []progress.FinishedTask
	steps []progress.Step
}

func (s *script) add(p progress.Phase, kind, name, table, worker string, start, took time.Duration, rows, bytes int64, failure string) {
	s.tasks = append(s.tasks, progress.FinishedTask{
		Task:  progress.Task{ID: len(s.tasks) + 1, Phase: p, Kind: kind, Name: name, Table: table, Bytes: bytes, Rows: rows},
		Start: start, Elapsed: took, Rows: rows, Bytes: bytes, Worker: progress.Worker{Name: worker}, Error: failure,
	})
}

func (s *script) end() (end time.Duration) {
	for _, f := range s.tasks {
		end = max(end, f.Start+f.Elapsed)
	}
	return end
}

// until is the snapshot of a transfer that stopped at end.
func (s *script) until(end time.Duration) progress.Snapshot {
	out := progress.Snapshot{Started: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC), Elapsed: end, Over: true, Steps: s.steps}
	tables := map[string]bool{}
	var from, to time.Duration = math.MaxInt64, 0
	for _, p := range progress.Phases() {
		out.Phases[p] = progress.PhaseStatus{Phase: p, Start: math.MaxInt64}
	}
	for _, f := range s.tasks {
		ph := &out.Phases[f.Task.Phase]
		ph.Total++
		if f.Task.Kind == progress.TableData {
			if _, seen := tables[f.Task.Table]; !seen {
				tables[f.Task.Table] = true
			}
		}
		switch {
		case f.Start >= end:
			tables[f.Task.Table] = false
			continue
		case f.Start+f.Elapsed > end:
			tables[f.Task.Table] = false
			took := end - f.Start
			f.Bytes, f.Rows = f.Bytes*int64(took)/int64(f.Elapsed), f.Rows*int64(took)/int64(f.Elapsed)
			f.Elapsed = took
			out.Running = append(out.Running, progress.RunningTask{Task: f.Task, Start: f.Start, Elapsed: took, Rows: f.Rows, Bytes: f.Bytes, Worker: f.Worker})
			ph.Running++
		case f.Error != "":
			tables[f.Task.Table] = false
			out.Failures = append(out.Failures, f)
			ph.Failed++
			out.Finished = append(out.Finished, f)
		default:
			ph.Done++
			out.Finished = append(out.Finished, f)
		}
		ph.Work += f.Elapsed
		ph.Start = min(ph.Start, f.Start)
		ph.Span = max(ph.Span, f.Start+f.Elapsed-ph.Start)
		if f.Task.Phase == progress.Data {
			from, to = min(from, f.Start), max(to, f.Start+f.Elapsed)
			out.Data.Bytes += f.Bytes
			out.Data.Rows += f.Rows
		}
	}
	for i := range out.Phases {
		ph := &out.Phases[i]
		switch {
		case ph.Start == math.MaxInt64:
			ph.Start = 0
		case ph.Done == ph.Total:
			ph.State = progress.StateDone
		default:
			ph.State = progress.StateFailed
		}
	}
	delete(tables, "")
	for _, arrived := range tables {
		out.Data.TablesTotal++
		if arrived {
			out.Data.TablesDone++
		}
	}
	if from < to {
		out.Data.Average = float64(out.Data.Bytes) / (to - from).Seconds()
		out.Data.Peak = out.Data.Average * 1.25
		s.measure(&out, from, to)
	}
	return out
}

// measure makes up a history in which the target holds the source back, and later the other way round.
func (s *script) measure(out *progress.Snapshot, from, to time.Duration) {
	stages := []progress.StageTime{{Name: "copy-out"}, {Name: "limit"}, {Name: "copy-in"}}
	dice := rand.New(rand.NewPCG(3, 4))
	const points = 300
	var moved float64
	for i := range points + 1 {
		at := float64(i) / points
		out.History = append(out.History, progress.Point{
			At: from + time.Duration(at*float64(to-from)), Bytes: int64(moved), Stages: append([]progress.StageTime(nil), stages...),
		})
		rate := 0.75 + 0.25*math.Sin(7*at) + 0.25*dice.Float64()
		moved += float64(out.Data.Bytes) / points * rate
		for j := range stages {
			st := &stages[j]
			busy := []float64{0.3 + 0.6*at*at, 0.02, 0.97 - 0.5*at}[j] + 0.05*dice.Float64()
			step := 4 * (to - from) / points
			st.Elapsed += step
			st.Busy += time.Duration(min(busy, 1) * float64(step))
			st.Bytes = int64(moved) + int64(j-2)*-int64(dice.IntN(90_000))
		}
	}
	out.Stages = stages
	out.Bottleneck = progress.Bottleneck{Stage: "copy-in", Busy: 0.79, Text: "copy-in 79 % busy, limit waits 96 %"}
}
