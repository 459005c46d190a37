package transfer

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap"

	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// set is a set of task IDs that several workers fill.
type set struct {
	mu  sync.Mutex
	ids map[int]bool
}

func newSet() *set { return &set{ids: map[int]bool{}} }

func (s *set) add(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[id] = true
}

// anyOf gives the first of ids that is in the set, or -1.
func (s *set) anyOf(ids []int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.ids[id] {
			return id
		}
	}
	return -1
}

// serial runs the tasks of one order, one after the other.
func (r *run) serial(ctx context.Context, w *writer, order plan.Order, failed *set) error {
	for _, t := range r.plan.Tasks {
		if t.Order != order {
			continue
		}
		if err := r.single(ctx, w, t, failed); err != nil {
			return err
		}
	}
	return nil
}

// single runs one task that needs only the target. Its error is one that stops the transfer.
func (r *run) single(ctx context.Context, w *writer, t *plan.Task, failed *set) error {
	if need := failed.anyOf(t.Needs); need >= 0 {
		return r.skip(t, r.plan.Tasks[need], failed)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	running := r.Progress.Start(t.ID)
	running.By(w.by())
	w.notices = nil
	ownerErr, err := r.execute(ctx, w, t)
	for _, notice := range w.notices {
		r.warn(label(t), notice)
	}
	if err == nil && ownerErr == nil {
		running.Done(0, nil)
		return nil
	}
	switch {
	case ctx.Err() != nil:
		running.Interrupt(nil)
		return context.Cause(ctx)
	case err != nil && t.Desc == plan.Analyze && !w.conn.IsClosed():
		r.warn("table "+t.Name, "its planner statistics could not be gathered: "+err.Error())
		running.Done(0, nil)
		return nil
	case err != nil && violates(t, err):
		err = r.violated(ctx, w, t, err)
		if t.Desc != plan.Validate {
			failed.add(t.ID)
		}
	case err != nil:
		failed.add(t.ID)
	default:
		err = fmt.Errorf("owner: %w", ownerErr) // the object is there: what needs it may go on
	}
	running.Fail(err)
	return r.failure(t, err, w.conn.IsClosed())
}

// skip leaves out a task because another one failed.
func (r *run) skip(t, need *plan.Task, failed *set) error {
	failed.add(t.ID)
	for _, id := range t.Needs {
		if other := r.plan.Tasks[id]; other.Entry == t.Entry && failed.anyOf([]int{id}) >= 0 {
			r.Progress.Forgo(t.ID) // one entry in two halves is one failure
			return nil
		}
	}
	err := fmt.Errorf("left out: it needs %s, which failed", label(need))
	r.Progress.Start(t.ID).Fail(err)
	r.count(t, err)
	return nil
}

// failure decides what a failed task means for the transfer. broken says that its session is lost.
func (r *run) failure(t *plan.Task, err error, broken bool) error {
	err = fmt.Errorf("%s: %w", label(t), err)
	if !broken && (r.OnError == Continue || neverStops(t, err)) {
		r.count(t, err)
		return nil
	}
	return err
}

func (r *run) count(t *plan.Task, err error) {
	r.counting.Lock()
	defer r.counting.Unlock()
	r.result.Failed++
	r.Log.Info("failed", zap.String("object", label(t)), zap.Error(err))
}

func (r *run) warn(object, message string) {
	r.Progress.Warn(progress.Warning{Object: object, Message: message})
	r.Log.Info("warning", zap.String("object", object), zap.String("message", message))
}

func (r *run) leaveOut(l plan.LeftOut) {
	r.Progress.Skip(progress.LeftOut{Object: l.Object, Reason: l.Reason})
}

// label is how messages name a task: "table public.orders", "fk constraint public.orders orders_customer_fkey".
func label(t *plan.Task) string {
	switch {
	case t.Kind == plan.Rows:
		return "table " + t.Name
	case t.Kind == plan.LargeObjects:
		return t.Name
	}
	return strings.ToLower(t.Desc) + " " + t.Name
}

// tasks gives the plan in progress's words.
func tasks(p *plan.Plan) []progress.Task {
	phases := map[plan.Phase]progress.Phase{
		plan.Schema: progress.Schema, plan.Data: progress.Data, plan.Indexes: progress.Indexes,
		plan.Constraints: progress.Constraints, plan.Finish: progress.Finish,
	}
	all := make([]progress.Task, len(p.Tasks))
	for i, t := range p.Tasks {
		all[i] = progress.Task{
			ID: t.ID, Phase: phases[t.Phase], Kind: t.Desc, Name: t.Name, Table: t.Table, Bytes: t.Bytes, Rows: t.Rows,
		}
	}
	return all
}
