package transfer

import (
	"context"
	"fmt"
	"maps"
	"slices"
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

func (s *set) has(id int) bool { return s.anyOf([]int{id}) >= 0 }

func (s *set) remove(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ids, id)
}

// list gives those in the set, in order.
func (s *set) list() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.ids))
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

// serial runs the tasks of one order that are not done yet, one after the other; small ones that stand together, together.
func (r *run) serial(ctx context.Context, order plan.Order) error {
	s := &streams{run: r, worker: "schema", work: "schema"}
	defer s.close(ctx)
	var batch []*plan.Task
	room, most := 1.0, r.mostTogether()
	flush := func() error {
		tasks := batch
		batch, room = nil, 1
		if err := r.Control.wait(ctx); err != nil {
			return err
		}
		return r.together(ctx, s, tasks)
	}
	for _, t := range r.plan.Tasks {
		if t.Order != order || r.settled(t) {
			continue
		}
		if len(batch) > 0 && (len(batch) == most || !batchable(t) || !batchable(batch[0]) || t.Kind != batch[0].Kind || weight(t) > room) {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, room = append(batch, t), room-weight(t)
	}
	return flush()
}

// settled reports whether nothing is left to do for a task: it is done, or has failed in this run.
func (r *run) settled(t *plan.Task) bool {
	return r.done.has(t.ID) || r.failed.has(t.ID) || r.flawed.has(t.ID)
}

// skip leaves out a task because another one failed.
func (r *run) skip(ctx context.Context, t, need *plan.Task) error {
	r.failed.add(t.ID)
	for _, id := range t.Needs {
		if other := r.plan.Tasks[id]; other.Entry == t.Entry && r.failed.anyOf([]int{id}) >= 0 {
			r.Progress.Forgo(t.ID) // one entry in two halves is one failure
			return nil
		}
	}
	err := fmt.Errorf("left out: it needs %s, which failed", label(need))
	r.Progress.Start(t.ID).Fail(err)
	r.count(ctx, t, err)
	return nil
}

// failure decides what a failed task means for the transfer.
func (r *run) failure(ctx context.Context, t *plan.Task, err error) error {
	named := fmt.Errorf("%s: %w", label(t), err)
	if final(err) || r.OnError == Stop && !neverStops(t, err) {
		r.stop(named)
		r.noteFailure(ctx, t, err.Error())
		return named
	}
	r.count(ctx, t, err)
	return nil
}

// stop keeps the first error that stops the transfer: no later one may hide it.
func (r *run) stop(err error) {
	r.counting.Lock()
	defer r.counting.Unlock()
	if r.stopped == nil {
		r.stopped = err
	}
}

func (r *run) stoppedBy() error {
	r.counting.Lock()
	defer r.counting.Unlock()
	return r.stopped
}

func (r *run) count(ctx context.Context, t *plan.Task, err error) {
	r.noteFailure(ctx, t, err.Error())
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
			ID: t.ID, Phase: phases[t.Phase], Kind: t.Desc, Name: t.Name, Table: t.Table, Bytes: t.Bytes, Rows: t.Rows, Part: t.Part, Parts: t.Parts,
		}
	}
	return all
}
