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
	Paused  bool          // streams stand still because somebody wants it; index builds that were begun go on

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
	// Interrupted are the tasks that were broken off because the transfer ended, in order: neither done nor failed, and
	// not in Finished.
	Interrupted []FinishedTask
	Warnings    []Warning
	LeftOut     []LeftOut
	// Retries are the first attempts that were lost and made again, and RetryCount how many there were.
	Retries    []Retry
	RetryCount int

	Source Source // what the transfer costs it

	// History is the data phase over time, oldest first: at most some hundred points, evenly thinned, taken when there
	// were snapshots. The first stands at the phase's start and the last, once it has ended, at its end.
	History []Point
}

// Count is how many of some tasks have ended.
type Count struct{ Total, Done, Failed int }

func (c *Count) end(failed bool) {
	if failed {
		c.Failed++
	} else {
		c.Done++
	}
}

// Point is the state of the data phase at one moment: differences between two of them are rates.
type Point struct {
	At     time.Duration // since Snapshot.Started
	Bytes  int64         // moved until then, in vain or not
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
	Earlier int           // of those, done by an earlier run: no time is known of them
	Failed  int
	Running int // in work now; Total less these three has not started
}

// DataStatus is what the data phase has moved. Rates are in bytes per second.
type DataStatus struct {
	Bytes int64 // moved so far, also by tasks that failed or were interrupted
	// Redone is what was moved besides by attempts that were lost and made again; the rates count it.
	Redone int64
	// EarlierBytes and EarlierRows are what had arrived before, by an earlier run; nothing else counts it but TablesDone.
	EarlierBytes, EarlierRows int64
	// Written is what an archive has got of Bytes, after compression; 0 where rows go to a database.
	Written int64
	Rows    int64 // of tables, so far: of parts that are done what Done said, of others what AddRows counted
	// Expected is about how many bytes there are to move: the plan's estimates, corrected by what has moved so far. 0 if
	// nothing is known, else never less than Bytes; exactly Bytes once the phase has ended well. The same holds for
	// ExpectedRows and Rows.
	Expected, ExpectedRows int64
	// Remaining is about how long the data phase will last from now on; negative if that is not known, 0 once it has ended.
	Remaining time.Duration
	// Idle is how long no byte has moved and no data task has ended while data tasks were in work. It is right to
	// the distance between two snapshots.
	Idle        time.Duration
	TablesDone  int // tables of which every part is done
	TablesTotal int
	Windowed    float64 // over about the last five seconds of the phase
	Peak        float64 // the largest windowed rate seen; at least Average
	Average     float64 // Bytes and Redone over the phase's span
}

// RunningTask is a task in work.
type RunningTask struct {
	Task    Task
	Start   time.Duration // since Snapshot.Started
	Elapsed time.Duration
	Bytes   int64 // moved so far
	// Expected is about how many there will be, of a data task: Task.Bytes, corrected by what has moved. 0 if nothing is known.
	Expected int64
	Rows     int64 // so far
	Worker   Worker
	Detail   Detail
	// Retry is the attempt that was lost last, while the next one waits or looks for its sessions; else it is zero.
	Retry Retry
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
	// Earlier says that an earlier run did it: Start, Elapsed and Worker are not known.
	Earlier bool
}
