package transfer

import (
	"slices"
	"sync"

	"pgsluice/internal/plan"
)

// pool is who may take a task.
type pool int

const (
	copiers  pool = iota // rows and large objects: a session on each side
	builders             // all else: a session on the target
)

func poolOf(t *plan.Task) pool {
	if t.Kind == plan.SQL {
		return builders
	}
	return copiers
}

// board hands out the parallel tasks of a plan: one is ready when all that it needs has ended, and given out when no
// task that locks the same relation is in work. Its methods may be called from any goroutine.
type board struct {
	mu      sync.Mutex
	changed *sync.Cond
	tasks   []*plan.Task
	waits   map[int]int   // task to how many others it still waits for
	unlocks map[int][]int // task to those that wait for it
	ready   [2][]*plan.Task
	locked  map[uint32]bool
	left    [2]int
	data    int          // tasks of phase data that have not ended
	late    []*plan.Task // ready but for AfterData
	halted  bool
}

// newBoard lays out the tasks of order Parallel. Those of order Before have ended.
func newBoard(tasks []*plan.Task) *board {
	b := &board{tasks: tasks, waits: map[int]int{}, unlocks: map[int][]int{}, locked: map[uint32]bool{}}
	b.changed = sync.NewCond(&b.mu)
	for _, t := range tasks {
		if t.Order != plan.Parallel {
			continue
		}
		b.left[poolOf(t)]++
		if t.Phase == plan.Data {
			b.data++
		}
	}
	for _, t := range tasks {
		if t.Order != plan.Parallel {
			continue
		}
		for _, need := range t.Needs {
			if tasks[need].Order == plan.Parallel {
				b.waits[t.ID]++
				b.unlocks[need] = append(b.unlocks[need], t.ID)
			}
		}
		if b.waits[t.ID] == 0 {
			b.offer(t)
		}
	}
	return b
}

// offer puts a task that waits for no other among the ready ones.
func (b *board) offer(t *plan.Task) {
	if t.AfterData && b.data > 0 {
		b.late = append(b.late, t)
		return
	}
	p := poolOf(t)
	// the longest first, so that no large one is left to run alone at the end
	at, _ := slices.BinarySearchFunc(b.ready[p], t, func(x, y *plan.Task) int {
		switch {
		case x.Bytes != y.Bytes && x.Bytes > y.Bytes:
			return -1
		case x.Bytes != y.Bytes:
			return 1
		}
		return x.ID - y.ID
	})
	b.ready[p] = slices.Insert(b.ready[p], at, t)
}

// take gives the next task of a pool, waiting for one to become ready; nil when there will be none.
func (b *board) take(p pool) *plan.Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if b.halted || b.left[p] == 0 {
			return nil
		}
		i := slices.IndexFunc(b.ready[p], func(t *plan.Task) bool {
			return !slices.ContainsFunc(t.Locks, func(oid uint32) bool { return b.locked[oid] })
		})
		if i >= 0 {
			t := b.ready[p][i]
			b.ready[p] = slices.Delete(b.ready[p], i, i+1)
			for _, oid := range t.Locks {
				b.locked[oid] = true
			}
			return t
		}
		b.changed.Wait()
	}
}

// end says that a task taken has ended, well or not; what waits for it comes nearer either way.
func (b *board) end(t *plan.Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, oid := range t.Locks {
		delete(b.locked, oid)
	}
	b.left[poolOf(t)]--
	if t.Phase == plan.Data {
		if b.data--; b.data == 0 {
			late := b.late
			b.late = nil
			for _, l := range late {
				b.offer(l)
			}
		}
	}
	for _, id := range b.unlocks[t.ID] {
		if b.waits[id]--; b.waits[id] == 0 {
			b.offer(b.tasks[id])
		}
	}
	b.changed.Broadcast()
}

// halt makes every take return nil.
func (b *board) halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halted = true
	b.changed.Broadcast()
}
