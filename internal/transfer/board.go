package transfer

import (
	"cmp"
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

// board hands out the parallel tasks of a plan: one is ready when all that it waits for has ended, and given out when no
// task in work has a lock that conflicts with its own, the one with the longest path of work behind it first. Its methods may be called from any goroutine.
type board struct {
	mu      sync.Mutex
	changed *sync.Cond
	tasks   []*plan.Task
	waits   []int   // by task, how many others it still waits for
	unlocks [][]int // by task, those that wait for it
	plan    *plan.Plan
	inOrder bool
	rank    []float64 // of each task: the higher, the sooner it is taken
	ready   [2][]*plan.Task
	locked  map[plan.Lock]int // how many tasks in work hold it
	left    [2]int
	active  int          // tasks in work
	most    int          // of them at a time
	copying int          // copiers in work
	streams int          // how many copiers may be in work at a time
	wide    map[int]int  // by task in work, how many places it takes if more than one
	idle    [2]int       // workers that wait for a task
	data    int          // tasks of phase data that have not ended
	late    []*plan.Task // ready but for AfterData
	halted  bool
	held    bool                        // nothing is given out
	shares  func(p pool, ready int) int // how many small tasks a worker may take at once, of so many that are ready; nil: one
	width   func(t *plan.Task) int      // how many connections to the target a copier needs for a task; nil: one
}

// newBoard lays out the tasks of order Parallel that are not settled, of which at most most will be in work at a time.
// Those of order Before have ended.
func newBoard(p *plan.Plan, most int, inOrder bool, settled func(*plan.Task) bool) *board {
	tasks := p.Tasks
	b := &board{
		plan: p, inOrder: inOrder, tasks: tasks, waits: make([]int, len(tasks)), unlocks: make([][]int, len(tasks)),
		most: most, streams: most, locked: map[plan.Lock]int{}, wide: map[int]int{},
	}
	b.rankAll()
	b.changed = sync.NewCond(&b.mu)
	open := make([]bool, len(tasks))
	for _, t := range tasks {
		open[t.ID] = t.Order == plan.Parallel && !settled(t)
		if !open[t.ID] {
			continue
		}
		b.left[poolOf(t)]++
		if t.Phase == plan.Data {
			b.data++
		}
	}
	for _, t := range tasks {
		if !open[t.ID] {
			continue
		}
		for _, need := range slices.Concat(t.Needs, t.Follows) {
			if open[need] {
				b.waits[t.ID]++
				b.unlocks[need] = append(b.unlocks[need], t.ID)
			}
		}
		if b.waits[t.ID] == 0 {
			if t.AfterData && b.data > 0 {
				b.late = append(b.late, t)
			} else {
				b.ready[poolOf(t)] = append(b.ready[poolOf(t)], t)
			}
		}
	}
	for _, ready := range b.ready {
		slices.SortFunc(ready, b.sooner)
	}
	return b
}

// rankAll gives all tasks their ranks. The caller holds mu, or is alone.
func (b *board) rankAll() {
	b.rank = b.plan.Remaining()
	if b.inOrder {
		for i := range b.rank {
			b.rank[i] = float64(-i)
		}
	}
}

// learn says how many bytes of rows a task has that was withheld: what waits for them ranks accordingly.
func (b *board) learn(t *plan.Task, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plan.Learn(t, bytes)
	b.rankAll()
	for _, ready := range b.ready {
		slices.SortFunc(ready, b.sooner)
	}
}

// sooner compares tasks by which is to be taken first.
func (b *board) sooner(x, y *plan.Task) int {
	return cmp.Or(cmp.Compare(b.rank[y.ID], b.rank[x.ID]), cmp.Compare(x.ID, y.ID))
}

// offer puts a task that waits for no other among the ready ones.
func (b *board) offer(t *plan.Task) {
	if t.AfterData && b.data > 0 {
		b.late = append(b.late, t)
		return
	}
	p := poolOf(t)
	at, _ := slices.BinarySearchFunc(b.ready[p], t, b.sooner)
	b.ready[p] = slices.Insert(b.ready[p], at, t)
}

// take gives the next task of a pool, or several small ones that are to be done together, waiting for one to become ready; none when there
// will be none.
func (b *board) take(p pool) []*plan.Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if b.halted || b.left[p] == 0 {
			return nil
		}
		if tasks := b.give(p); tasks != nil {
			return tasks
		}
		b.idle[p]++
		b.changed.Wait()
		b.idle[p]--
	}
}

// give is take where nobody waits: nil if no task is to be had now. What is done together is one thing in work.
func (b *board) give(p pool) []*plan.Task {
	i := b.next(p)
	if i < 0 {
		return nil
	}
	tasks := b.gather(p, i)
	if p == copiers && b.width != nil {
		if width := b.width(tasks[0]); width > 1 {
			b.wide[tasks[0].ID] = width
		}
	}
	b.count(tasks, 1)
	return tasks
}

// count adds what tasks in work take of the places, or gives it back. One that needs several may take more than are free.
func (b *board) count(tasks []*plan.Task, sign int) {
	places := 1
	if len(tasks) > 0 && poolOf(tasks[0]) == copiers {
		places = max(places, b.wide[tasks[0].ID])
		b.copying += sign * places
	}
	b.active += sign * places
}

// next is the place of the ready task that a worker of a pool should take, or -1. The last free place goes to the pool
// whose task has the longer path.
func (b *board) next(p pool) int {
	if b.held || b.active >= b.most || b.full(p) {
		return -1
	}
	i := slices.IndexFunc(b.ready[p], b.free)
	if i < 0 || b.active+1 < b.most || b.idle[1-p] == 0 || b.full(1-p) {
		return i
	}
	if j := slices.IndexFunc(b.ready[1-p], b.free); j >= 0 && b.rank[b.ready[1-p][j].ID] > b.rank[b.ready[p][i].ID] {
		return -1
	}
	return i
}

// full reports whether a pool has as many in work as it may.
func (b *board) full(p pool) bool { return p == copiers && b.copying >= b.streams }

// withhold keeps tasks back until each has arrived. It is called before the first task is taken.
func (b *board) withhold(tasks []*plan.Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range tasks {
		b.waits[t.ID]++
	}
	for p, ready := range b.ready {
		b.ready[p] = slices.DeleteFunc(ready, func(t *plan.Task) bool { return b.waits[t.ID] > 0 })
	}
}

// arrive lets a task that was withheld go, as far as nothing else keeps it.
func (b *board) arrive(t *plan.Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits[t.ID]--; b.waits[t.ID] == 0 {
		b.offer(t)
	}
	b.changed.Broadcast()
}

// allow changes how many copiers may be in work at a time. Those above it end what they have.
func (b *board) allow(streams int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams = streams
	b.changed.Broadcast()
}

// widen is allow for more than there were workers for in the beginning, and most tasks of both pools.
func (b *board) widen(streams, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams, b.most = streams, most
	b.changed.Broadcast()
}

// hold keeps all tasks back that are not in work, until it is called with false.
func (b *board) hold(back bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = back
	b.changed.Broadcast()
}

// busy reports whether as many copiers are in work as may be.
func (b *board) busy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.copying >= b.streams
}

// free reports whether no task in work holds a lock that conflicts with one of t's.
func (b *board) free(t *plan.Task) bool { return b.freeBut(t, nil) }

// freeBut is free where what own holds does not count.
func (b *board) freeBut(t *plan.Task, own map[plan.Lock]int) bool {
	for _, lock := range t.Locks {
		for mode := plan.RowShare; mode <= plan.AccessExclusive; mode++ {
			held := plan.Lock{Relation: lock.Relation, Mode: mode}
			if mode.Conflicts(lock.Mode) && b.locked[held] > own[held] {
				return false
			}
		}
	}
	return true
}

// end says that what take gave has ended, well or not; what waits for it comes nearer either way.
func (b *board) end(tasks []*plan.Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count(tasks, -1)
	if len(tasks) > 0 {
		delete(b.wide, tasks[0].ID)
	}
	for _, t := range tasks {
		b.endOne(t)
	}
	b.changed.Broadcast()
}

func (b *board) endOne(t *plan.Task) {
	for _, lock := range t.Locks {
		if b.locked[lock]--; b.locked[lock] == 0 {
			delete(b.locked, lock)
		}
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
}

// halt makes every take return nil.
func (b *board) halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halted = true
	b.changed.Broadcast()
}
