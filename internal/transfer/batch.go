package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// together does tasks of one kind, each with a row of its own in the ledger, in as few transactions as possible. Grouping is a matter of execution only:
// if anything but a lost connection ends a batch, all of it is rolled back and done in halves, down to one task, which goes the way
// that it goes alone. So no special case is known here, and the culprit is named as ever. Its error is one that stops the transfer.
func (r *run) together(ctx context.Context, s *streams, tasks []*plan.Task) error {
	ready := make([]*plan.Task, 0, len(tasks))
	for _, t := range tasks {
		if r.failed.anyOf(t.Needs) < 0 {
			ready = append(ready, t)
		} else if err := r.task(ctx, s, t); err != nil { // it is skipped
			return err
		}
	}
	switch len(ready) {
	case 0:
		return nil
	case 1:
		return r.task(ctx, s, ready[0])
	}
	cut, err := r.batch(ctx, s, ready)
	if cut == 0 || err != nil {
		return err
	}
	if err := r.together(ctx, s, ready[:cut]); err != nil {
		return err
	}
	return r.together(ctx, s, ready[cut:])
}

// mostBatchTries is how often a batch may lose a connection that it had: one of its tasks may be what ends it.
const mostBatchTries = 2

// batch does tasks in one transaction. If that can't be, cut is how many of them to do first.
func (r *run) batch(ctx context.Context, s *streams, tasks []*plan.Task) (cut int, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	first := tasks[0]
	running := r.Progress.Start(first.ID)
	running.With(len(tasks) - 1)
	trial := &trial{backoff: backoff{limit: r.RetryFor}}
	for {
		err := s.open(ctx, first.Kind != plan.SQL)
		opened := err == nil
		var shares []progress.Share
		var stages []progress.StageTime
		if opened {
			running.By(s.by())
			shares, stages, err = r.attemptBatch(ctx, s, tasks, running)
		}
		switch {
		case err == nil:
			running.DoneTogether(shares, stages)
			r.batchDone(ctx, tasks)
			return 0, nil
		case ctx.Err() != nil:
			return 0, r.brokenOff(ctx, running, outcome{stages: stages})
		case errors.Is(err, errCrashed):
			running.PutBack()
			return 0, err
		case !opened || final(err) && !Retryable(err): // it is the same for each
			running.PutBack()
			return 1, nil
		case !Retryable(err), trial.worked+1 >= mostBatchTries:
			running.PutBack()
			return len(tasks) / 2, nil
		}
		if err = trial.again(ctx, r, first, running, err, opened); err == nil {
			running.Again()
			running.With(len(tasks) - 1)
			continue
		}
		if ctx.Err() != nil {
			return 0, r.brokenOff(ctx, running, outcome{stages: stages})
		}
		return 0, r.taskFailed(ctx, s, first, running, err)
	}
}

// batchDone is taskDone for all of them.
func (r *run) batchDone(ctx context.Context, tasks []*plan.Task) {
	for _, t := range tasks {
		r.done.add(t.ID)
		if r.former != nil && r.former.Errors[t.Key] {
			r.noteFailure(ctx, t, "")
		}
	}
}

// attemptBatch does tasks once, in one transaction.
func (r *run) attemptBatch(ctx context.Context, s *streams, tasks []*plan.Task, running *progress.Running) ([]progress.Share, []progress.StageTime, error) {
	if tasks[0].Kind == plan.Rows {
		return r.group(ctx, s, tasks, running)
	}
	w := s.writer
	w.notices = nil
	err := r.executeBatch(ctx, w, tasks)
	if err != nil && !w.conn.IsClosed() {
		rollback(ctx, w.conn)
	}
	shares := make([]progress.Share, len(tasks))
	for i, t := range tasks {
		shares[i].ID = t.ID
	}
	return shares, nil, err
}

// errNotice says that the server has warned of something: of what, is known when each is alone.
var errNotice = errors.New("the server has a warning")

// executeBatch runs the statements of all tasks as one message, which ends with the first that fails, and commits if the server had nothing to say.
func (r *run) executeBatch(ctx context.Context, w *writer, tasks []*plan.Task) error {
	var sql strings.Builder
	for _, t := range tasks {
		sql.WriteString(batchSQL(t))
	}
	many := r.records(tasks)
	err := many.Begin(ctx, w.conn, sql.String())
	if err == nil && len(w.notices) > 0 {
		err = fmt.Errorf("%w: %s", errNotice, w.notices[0])
	}
	if err == nil {
		err = many.Commit(ctx, w.conn, nil)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (r *run) records(tasks []*plan.Task) ledger.Many {
	many := make(ledger.Many, len(tasks))
	for i, t := range tasks {
		many[i] = r.record(t)
	}
	return many
}
