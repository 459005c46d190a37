package report

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"pgsluice/internal/progress"
)

// Replay turns events, as FollowJSON writes them, into snapshots again: so whoever watches a transfer from afar sees it as its own terminal shows it.
// Events may come in two streams, progress in one and all others in another. Of what has ended only failures, and what earlier runs did, are kept.
// Its methods may be called from several goroutines. The zero value is ready.
type Replay struct {
	mu   sync.Mutex
	s    progress.Snapshot
	held map[uint32]progress.HeldUp // by pid, as they were seen last
}

// Snapshot is the state as the events so far tell it.
func (r *Replay) Snapshot() progress.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.s
}

// Event takes one event. Events that it does not know, and objects that are none, are left out.
func (r *Replay) Event(line []byte) error {
	var head eventHead
	if err := json.Unmarshal(line, &head); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	if head.Schema != EventSchema {
		return nil
	}
	if head.Version != EventVersion {
		return fmt.Errorf("event: version %d, and this program reads version %d: use the same program for both", head.Version, EventVersion)
	}
	take := map[string]func(time.Duration, []byte) error{
		"start": replayed(r.start), "plan": replayed(r.plan), "step": replayed(r.step), "warning": replayed(r.warning), "left_out": replayed(r.leftOut),
		"failure": replayed(r.failure), "retry": replayed(r.retry), "task_earlier": replayed(r.earlier), "freed": replayed(r.freed),
		"progress": replayed(r.progress), "end": replayed(r.end),
	}[head.Event]
	if take == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.s.Phases {
		r.s.Phases[i].Phase = progress.Phase(i)
	}
	if err := take(duration(head.AtSeconds), line); err != nil {
		return fmt.Errorf("event %s: %w", head.Event, err)
	}
	return nil
}

// replayed reads an event of one kind for who takes it.
func replayed[T any](take func(time.Duration, T)) func(time.Duration, []byte) error {
	return func(at time.Duration, line []byte) error {
		var e T
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		take(at, e)
		return nil
	}
}

// duration is to the microsecond, as the events have it.
func duration(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(time.Microsecond)
}

func word(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number[N int64 | uint32](n *N) N {
	if n == nil {
		return 0
	}
	return *n
}

// start begins a run. The lists that only grow keep what earlier runs of the same transfer have told.
func (r *Replay) start(_ time.Duration, e eventStart) {
	old := r.s
	r.s = progress.Snapshot{
		Started: e.StartedAt, Steps: old.Steps, Warnings: old.Warnings, LeftOut: old.LeftOut, Failures: old.Failures,
		Retries: old.Retries, RetryCount: old.RetryCount,
	}
	if old.Step.Text != "" {
		r.s.Steps = append(r.s.Steps, old.Step)
	}
	r.s.Data.Remaining, r.held = -1, nil
}

func (r *Replay) plan(_ time.Duration, e eventPlan) {
	for i, ph := range e.Phases {
		if i < len(r.s.Phases) {
			r.s.Phases[i].Total = ph.TasksTotal
		}
	}
	r.s.Data.TablesTotal, r.s.Analyze.Total = e.TablesTotal, e.AnalyzeTotal
	r.s.Data.Expected, r.s.Data.ExpectedRows = number(e.ExpectedBytes), number(e.ExpectedRows)
}

// step ends the one before. progress says when the last one has ended.
func (r *Replay) step(at time.Duration, e eventStep) {
	r.endStep(at)
	r.s.Step = progress.Step{Text: e.Text, Start: at}
}

func (r *Replay) endStep(at time.Duration) {
	if r.s.Step.Text != "" {
		r.s.Step.Elapsed = at - r.s.Step.Start
		r.s.Steps = append(r.s.Steps, r.s.Step)
		r.s.Step = progress.Step{}
	}
}

func (r *Replay) warning(at time.Duration, e eventWarning) {
	r.s.Warnings = append(r.s.Warnings, progress.Warning{Object: e.Object, Message: e.Message, At: at})
}

func (r *Replay) leftOut(at time.Duration, e eventLeftOut) {
	r.s.LeftOut = append(r.s.LeftOut, progress.LeftOut{Object: e.Object, Reason: e.Reason, At: at})
}

func (r *Replay) failure(at time.Duration, e eventFailure) {
	t, w := e.again()
	r.s.Failures = append(r.s.Failures, progress.FinishedTask{Task: t, Worker: w, Start: at, Error: e.Error})
}

func (r *Replay) retry(at time.Duration, e eventRetry) {
	r.s.Retries = append(r.s.Retries, progress.Retry{Object: e.Object, Cause: e.Cause, Wait: duration(e.WaitSeconds), At: at})
	r.s.RetryCount++
}

func (r *Replay) earlier(_ time.Duration, e eventTaskEarlier) {
	t := progress.Task{ID: e.ID, Phase: phaseNamed(e.Phase), Kind: e.Kind, Name: e.Name, Table: word(e.Table)}
	r.s.Finished = append(r.s.Finished, progress.FinishedTask{Task: t, Rows: e.Rows, Bytes: e.Bytes, Earlier: true})
}

func (r *Replay) freed(_ time.Duration, e eventHoldsUp) {
	r.s.Source.Freed = append(r.s.Source.Freed, r.heldUp(e.eventHeldUp))
	delete(r.held, e.PID)
}
