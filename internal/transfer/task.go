package transfer

import (
	"context"
	"errors"
	"fmt"
	"net"

	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// outcome is what an attempt at a task has come to.
type outcome struct {
	rows   int64
	stages []progress.StageTime
	owner  error // the object is there, but could not be given to its owner
}

// task does one task, again and again if connections are lost. Its error is one that stops the transfer.
func (r *run) task(ctx context.Context, s *streams, t *plan.Task) error {
	if need := r.failed.anyOf(t.Needs); need >= 0 {
		return r.skip(ctx, t, r.plan.Tasks[need])
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	running := r.Progress.Start(t.ID)
	trial := &trial{backoff: backoff{limit: r.RetryFor}}
	for {
		err := s.open(ctx, t.Kind != plan.SQL)
		opened := err == nil
		var o outcome
		if opened {
			running.By(s.by())
			o, err = r.attempt(ctx, s, t, running)
		}
		if err == nil {
			return r.taskDone(ctx, t, running, o)
		}
		if ctx.Err() != nil {
			return r.brokenOff(ctx, running, o)
		}
		cause := err
		if r.fallBack(t, err) {
			running.Again()
			continue
		}
		if err = trial.again(ctx, r, t, running, err, opened); err == nil {
			running.Again()
			continue
		}
		if ctx.Err() != nil {
			return r.brokenOff(ctx, running, o)
		}
		if errors.Is(cause, errCrashed) {
			running.PutBack()
			return cause
		}
		if !opened { // it would be the same for all others
			r.failed.add(t.ID)
			err = fmt.Errorf("%s: %w", label(t), r.explain(ctx, t, err))
			r.stop(err)
			running.Fail(err)
			r.noteFailure(ctx, t, err.Error())
			return err
		}
		return r.taskFailed(ctx, s, t, running, err)
	}
}

// brokenOff ends a task because the transfer ends, or begins its pass anew.
func (r *run) brokenOff(ctx context.Context, running *progress.Running, o outcome) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errCrashed) {
		running.PutBack()
	} else {
		running.Interrupt(o.stages)
	}
	return cause
}

func (r *run) taskDone(ctx context.Context, t *plan.Task, running *progress.Running, o outcome) error {
	if o.owner == nil {
		r.done.add(t.ID)
		running.Done(o.rows, o.stages)
		if r.former != nil && r.former.Errors[t.Key] {
			r.noteFailure(ctx, t, "")
		}
		return nil
	}
	r.flawed.add(t.ID)
	err := ownerFailed(o.owner) // the object is there: what needs it may go on
	running.Fail(err)
	return r.failure(ctx, t, err)
}

func ownerFailed(err error) error { return fmt.Errorf("owner: %w", err) }

func (r *run) taskFailed(ctx context.Context, s *streams, t *plan.Task, running *progress.Running, err error) error {
	if t.Desc == plan.Analyze && code(err) != "" && s.writer != nil && !s.writer.conn.IsClosed() {
		r.warn("table "+t.Name, "its planner statistics could not be gathered: "+err.Error())
		r.done.add(t.ID)
		running.Done(0, nil)
		return nil
	}
	if final(err) || r.OnError == Stop && !neverStops(t, err) {
		// before all that takes time: a crash of the target that others see meanwhile must not hide it
		r.stop(fmt.Errorf("%s: %w", label(t), err))
	}
	if t.Desc == plan.Validate && violates(t, err) {
		r.flawed.add(t.ID)
	} else {
		r.failed.add(t.ID)
	}
	switch {
	case t.Kind != plan.SQL:
		err = r.nameLockers(ctx, err, []uint32{t.Relation})
	case violates(t, err):
		err = r.violated(ctx, s.writer, t, err)
	}
	err = r.explain(ctx, t, err)
	running.Fail(err)
	return r.failure(ctx, t, err)
}

// attempt does a task once.
func (r *run) attempt(ctx context.Context, s *streams, t *plan.Task, running *progress.Running) (outcome, error) {
	if t.Kind != plan.SQL {
		if n := r.sharesOfTask(ctx, t); n > 1 {
			return r.partInShares(ctx, s, t, n, running)
		}
		return r.part(ctx, s, t, running)
	}
	w := s.writer
	w.notices = nil
	owner, err := r.execute(ctx, w, t)
	for _, notice := range w.notices {
		r.warn(label(t), notice)
	}
	return outcome{owner: owner}, err
}

// final reports whether an error stops the transfer, whatever OnError says: nothing else would go better.
func final(err error) bool {
	return Retryable(err) || errors.Is(err, errSnapshotLost) || errors.Is(err, ledger.ErrFenced)
}

// record is a task's row in the ledger.
func (r *run) record(t *plan.Task) ledger.Record {
	return ledger.Record{Key: t.Key, Fence: r.fence, Snapshot: r.snapshotNumber, Unlogged: t.Unlogged, Again: t.Always()}
}

// earlierAttempt is what an attempt whose answer was lost has committed.
func earlierAttempt(ctx context.Context, w *writer, rec ledger.Record) (rows, bytes int64, err error) {
	rollback(ctx, w.conn)
	if w.conn.IsClosed() {
		return 0, 0, fmt.Errorf("target: %w", net.ErrClosed)
	}
	return rec.Counted(ctx, w.conn)
}
