package progress

import "time"

// State is how far a phase is.
type State int

// The states of a phase.
const (
	StateWaiting State = iota // nothing of it has started, or the plan is not known yet
	StateRunning              // something has started, something has not ended
	StateDone                 // everything has ended well; also a planned phase without tasks
	StateFailed               // it has ended, and something failed or was not reached
)

// String returns the state's name: waiting, running, done or failed.
func (s State) String() string {
	switch s {
	case StateWaiting:
		return "waiting"
	case StateRunning:
		return "running"
	case StateDone:
		return "done"
	case StateFailed:
		return "failed"
	default:
		return "unknown"
	}
}

// Snapshot is the state of a transfer at one moment. It is immutable: its slices are shared with
// other snapshots and must not be written to.
type Snapshot struct {
	Started time.Time
	Elapsed time.Duration // until now, or until Finish
	Over    bool          // Finish was called

	Step  Step   // what is done outside any task; Text is "" if nothing is
	Steps []Step // those that have ended, in order

	Phases     [phaseCount]PhaseStatus // indexed by Phase
	Data       DataStatus
	Analyze    Count       // of phase Constraints, the tasks of kind Analyze
	Stages     []StageTime // summed over the data tasks, in pipe order
	Bottleneck Bottleneck

	Running  []RunningTask  // longest in work first
	Finished []FinishedTask // in the order in which they ended
	Failures []FinishedTask // those of Finished that failed
	Warnings []Warning
	LeftOut  []LeftOut

	// History is the data phase over time, oldest first: at most some hundred points, evenly thinned.
	History []Point
}

// Count is how many of some tasks have ended.
type Count struct{ Total, Done, Failed int }

// Point is the state of the data phase at one moment: differences between two of them are rates.
type Point struct {
	At     time.Duration // since Snapshot.Started
	Bytes  int64         // moved until then
	Rows   int64
	Stages []StageTime // summed until then, in pipe order
}

// PhaseStatus is the state of one phase.
type PhaseStatus struct {
	Phase   Phase
	State   State
	Start   time.Duration // its first task's start, since Snapshot.Started
	Span    time.Duration // from there to its last task's end; to now while it runs
	Work    time.Duration // its tasks' times summed; more than Span where they ran in parallel
	Total   int           // tasks planned
	Done    int           // ended well
	Failed  int
	Running int // in work now; Total less these three has not started
}

// DataStatus is what the data phase has moved. Rates are in bytes per second.
type DataStatus struct {
	Bytes int64 // moved so far, also by tasks that failed
	Rows  int64 // so far
	// Expected is about how many bytes there are to move: the plan's estimates, corrected by what has moved so far. 0 if
	// nothing is known; exactly Bytes once the phase has ended well. The same holds for ExpectedRows.
	Expected, ExpectedRows int64
	// Remaining is about how long the data phase will last from now on; negative if that is not known.
	Remaining time.Duration
	// Idle is how long no byte has moved while data tasks were in work.
	Idle        time.Duration
	TablesDone  int // tables of which every part is done
	TablesTotal int
	Windowed    float64 // over about the last five seconds of the phase
	Peak        float64 // the largest windowed rate seen; at least Average
	Average     float64 // Bytes over the phase's span
}

// RunningTask is a task in work.
type RunningTask struct {
	Task    Task
	Start   time.Duration // since Snapshot.Started
	Elapsed time.Duration
	Bytes   int64 // moved so far; Task.Bytes is the estimate of all
	Rows    int64 // so far
	Worker  Worker
	Detail  Detail
}

// FinishedTask is a task that has ended.
type FinishedTask struct {
	Task    Task
	Start   time.Duration // since Snapshot.Started
	Elapsed time.Duration
	Rows    int64
	Bytes   int64
	Worker  Worker
	Error   string // "" if it is done
}

// Snapshot returns the state of this moment. It costs a copy of the running tasks, not of the
// finished ones, so it may be taken several times a second. Observers that take snapshots also
// feed the windowed rate: without any, it is measured between the ends of tasks.
func (t *Tracker) Snapshot() Snapshot {
	s, watches := t.snapshot()
	// The sums exclude the tasks that still run, and these are asked without the lock: a watch
	// may wait for a lock of its owner's.
	for _, watch := range watches {
		s.Stages = addStages(s.Stages, watch())
	}
	s.Bottleneck = bottleneckOf(s.Stages)
	return s
}

func (t *Tracker) snapshot() (Snapshot, []func() []StageTime) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	s := Snapshot{
		Started: t.started, Elapsed: now, Over: t.over,
		Step:  t.step,
		Steps: t.steps[:len(t.steps):len(t.steps)],
		// Cutting the capacity lets the tracker append without touching what is shared.
		Finished: t.finished[:len(t.finished):len(t.finished)],
		Failures: t.failures[:len(t.failures):len(t.failures)],
		Warnings: t.warnings[:len(t.warnings):len(t.warnings)],
		LeftOut:  t.leftOut[:len(t.leftOut):len(t.leftOut)],
		Stages:   append([]StageTime(nil), t.stages...),
	}
	if s.Step.Text != "" {
		s.Step.Elapsed = now - s.Step.Start
	}
	for _, p := range Phases() {
		s.Phases[p] = t.phaseStatus(p, now)
	}
	s.Data = DataStatus{
		Bytes: t.dataBytes, Rows: t.dataRows,
		TablesDone: t.tablesDone, TablesTotal: t.tablesTotal,
	}
	var watches []func() []StageTime
	for _, r := range t.running {
		rt := RunningTask{Task: r.task, Start: r.start, Elapsed: now - r.start, Bytes: r.bytes.Load(), Rows: r.rows.Load(), Worker: r.worker, Detail: r.detail}
		s.Running = append(s.Running, rt)
		s.Phases[r.task.Phase].Work += rt.Elapsed
		if r.task.Phase == Data {
			s.Data.Bytes += rt.Bytes
			if r.watch != nil {
				watches = append(watches, r.watch)
			}
		}
	}
	t.fillRates(&s)
	return s, watches
}

func (t *Tracker) phaseStatus(id Phase, now time.Duration) PhaseStatus {
	p := &t.phases[id]
	s := PhaseStatus{
		Phase: id, Start: p.first, Span: p.last - p.first, Work: p.work,
		Total: p.total, Done: p.done, Failed: p.failed, Running: p.running,
	}
	switch {
	case p.complete() && p.failed > 0:
		s.State = StateFailed
	case p.complete() && (p.total > 0 || t.tasksPlanned() > 0):
		s.State = StateDone
	case !p.begun:
		s.State = StateWaiting
	case t.over:
		s.State = StateFailed
	default:
		s.State = StateRunning
	}
	if s.State == StateRunning || p.running > 0 {
		s.Span = now - p.first
	}
	return s
}

// fillRates measures at the end of the phase once it has ended, so that the last rate stands
// instead of sinking to zero.
func (t *Tracker) fillRates(s *Snapshot) {
	data := s.Phases[Data]
	if !t.phases[Data].begun {
		return
	}
	s.Data.Windowed = t.rate.observe(data.Start+data.Span, s.Data.Bytes)
	s.Data.Average = perSecond(s.Data.Bytes, data.Span)
	s.Data.Peak = max(t.rate.peak, s.Data.Average)
}
