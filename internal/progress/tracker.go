package progress

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Tracker collects what a transfer reports. Its methods may be called from any goroutine.
//
// What it keeps grows with the plan: each task is held once, waiting, running or ended, and the
// lists of what has ended are only ever appended to, so that snapshots can share them.
type Tracker struct {
	mu      sync.Mutex
	started time.Time
	over    bool
	ended   time.Duration // offset of Finish, if over
	paused  bool

	waiting map[int]Task
	running []*Running // oldest first
	phases  [phaseCount]phase
	// discovering says that tasks may come in any phase.
	discovering bool

	parts       map[string]int // parts of each table that are not done
	tablesTotal int
	tablesDone  int
	dataBytes   int64 // of ended data tasks; the running ones hold their own
	dataRows    int64
	dataRunning int
	bytes, rows estimate // of data tasks
	rate        rateMeter
	idle        standstill
	stages      []StageTime // sums over ended data tasks, in pipe order
	history     history
	analyze     Count
	source      Source

	step     Step // the one in work; Text is "" if there is none
	steps    []Step
	finished []FinishedTask
	failures []FinishedTask
	broken   []FinishedTask // off: interrupted
	warnings []Warning
	leftOut  []LeftOut

	written                   atomic.Int64
	redone                    int64 // bytes that were moved in vain, by attempts that were lost
	earlierBytes, earlierRows int64 // of data tasks that an earlier run did
	retries                   []Retry
	retryCount                int
}

// phase is what the tracker keeps of a phase. Times are offsets from Tracker.started.
type phase struct {
	total, done, failed, running int
	open                         bool // more tasks may be discovered
	earlier                      int  // of done
	begun                        bool
	first, last                  time.Duration // first start, last end
	work                         time.Duration // of ended tasks
}

func (p *phase) complete() bool { return !p.open && p.done+p.failed == p.total }

// New returns a tracker whose clock starts now.
func New() *Tracker {
	return &Tracker{started: time.Now(), waiting: map[int]Task{}, parts: map[string]int{}}
}

// now is the time since the start, frozen by Finish. The caller holds mu.
func (t *Tracker) now() time.Duration {
	if t.over {
		return t.ended
	}
	return time.Since(t.started)
}

// Plan says which tasks there are. It is called at most once, before any Start; a task's ID must
// be unique. A breach of either panics: the totals would be wrong from then on.
func (t *Tracker) Plan(tasks []Task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tasksPlanned() > 0 {
		panic("progress: Plan called twice")
	}
	t.waiting = make(map[int]Task, len(tasks))
	t.finished = make([]FinishedTask, 0, len(tasks))
	for _, task := range tasks {
		if _, dup := t.waiting[task.ID]; dup {
			panic(fmt.Sprintf("progress: task %d planned twice", task.ID))
		}
		t.expect(task)
	}
}

// expect takes note of a task to come. The caller holds mu.
func (t *Tracker) expect(task Task) {
	t.waiting[task.ID] = task
	t.phases[task.Phase].total++
	if task.isAnalyze() {
		t.analyze.Total++
	}
	if task.Phase == Data {
		t.bytes.plan(task.Bytes)
	}
	if task.isPart() {
		t.rows.plan(task.Rows)
		key := task.tableKey()
		if left, known := t.parts[key]; known && left == 0 {
			t.tablesDone-- // not yet, as it turns out
		}
		t.parts[key]++
		t.tablesTotal = len(t.parts)
	}
}

func (t *Tracker) tasksPlanned() int {
	n := 0
	for i := range t.phases {
		n += t.phases[i].total
	}
	return n
}

// Start says that a planned task is now in work; it ends the current step. Each task is started
// once; an ID that is not planned, or already started, panics.
func (t *Tracker) Start(id int) *Running {
	t.mu.Lock()
	defer t.mu.Unlock()
	task, ok := t.waiting[id]
	if !ok {
		panic(fmt.Sprintf("progress: task %d is not waiting to be started", id))
	}
	delete(t.waiting, id)
	now := t.now()
	t.endStep(now)

	t.begin(task.Phase, now)
	t.phases[task.Phase].running++
	if task.Phase == Data {
		t.startData(now, task)
	}
	r := &Running{tracker: t, task: task, start: now}
	t.running = append(t.running, r)
	return r
}

// begin begins a phase, if that is its first task. The caller holds mu.
func (t *Tracker) begin(id Phase, now time.Duration) {
	p := &t.phases[id]
	if p.begun {
		return
	}
	p.begun, p.first, p.last = true, now, now
	if id == Data {
		t.rate.observe(now, 0)
		t.history.begin(now)
	}
}

// end moves a running task to the finished ones; only its first end counts.
func (t *Tracker) end(r *Running, rows int64, stages []StageTime, failure error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, ok := t.leave(r)
	if !ok {
		return
	}
	if failure != nil {
		rows = r.rows.Load()
	}
	f := FinishedTask{
		Task: r.task, Start: r.start, Elapsed: now - r.start,
		Rows: rows, Bytes: r.bytes.Load(), Worker: r.worker,
	}
	if failure != nil {
		// Error tells done from failed, so it may not stay empty.
		f.Error = cmp.Or(failure.Error(), "error without a message")
	}
	t.finished = append(t.finished, f)
	p := &t.phases[r.task.Phase]
	if failure != nil {
		p.failed++
		t.failures = append(t.failures, f)
	} else {
		p.done++
	}
	if f.Task.isAnalyze() {
		t.analyze.end(failure != nil)
	}
	if f.Task.Phase == Data {
		t.endData(now, f, stages)
	}
}

// interrupt takes a running task out of work without an end.
func (t *Tracker) interrupt(r *Running, stages []StageTime) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, ok := t.leave(r)
	if !ok {
		return
	}
	f := FinishedTask{
		Task: r.task, Start: r.start, Elapsed: now - r.start, Rows: r.rows.Load(), Bytes: r.bytes.Load(), Worker: r.worker,
	}
	t.broken = append(t.broken, f)
	if f.Task.Phase == Data {
		t.loseData(f)
		t.moved(now, f.Task, f.Bytes, f.Rows, stages)
	}
}

// leave takes a task out of the running ones; ok is false if it has ended before. The caller holds mu.
func (t *Tracker) leave(r *Running) (now time.Duration, ok bool) {
	i := slices.Index(t.running, r)
	if i < 0 {
		return 0, false
	}
	t.running = slices.Delete(t.running, i, i+1)
	now = t.now()
	p := &t.phases[r.task.Phase]
	p.running--
	p.last = now
	p.work += now - r.start
	return now, true
}

// Finish stops the clock: the transfer is over, well or not. Tasks that never started stay counted
// in their phases' totals. What is reported later still counts, at the time of Finish. A second
// call does nothing.
func (t *Tracker) Finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	now := t.now()
	t.endStep(now)
	t.over, t.ended = true, now
}
