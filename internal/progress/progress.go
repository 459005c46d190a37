// Package progress is the live model of one transfer: what is planned, what is in work, what has
// ended, how many bytes have moved and which stage holds the others back.
//
// The transfer writes to a [Tracker]; any number of observers read [Snapshot] values from it, or subscribe to a
// [Feed], the only one here with a goroutine. The package does no I/O. Counting bytes is one atomic addition; every
// other call holds a mutex for a few assignments and never while it calls foreign code, so an observer,
// however slow, can't hold up the pipe. A snapshot is immutable and consistent: its totals are the
// sums of its parts.
//
// How much there is to move, and how long that takes, is foretold from estimates that the plan brings along and from
// what has moved so far; where there are none, nothing is foretold. It does not draw: package report does that.
package progress

// Phase is a stretch of a transfer. Phases may overlap: an index is built while other tables
// are still being copied.
type Phase int

// The phases, in the order in which they first start.
const (
	Schema Phase = iota
	Data
	Indexes
	Constraints
	Finish
	phaseCount
)

// Phases returns all phases in order.
func Phases() []Phase {
	return []Phase{Schema, Data, Indexes, Constraints, Finish}
}

// String returns the phase's name as it stands in output: "schema", "data" and so on.
func (p Phase) String() string {
	switch p {
	case Schema:
		return "schema"
	case Data:
		return "data"
	case Indexes:
		return "indexes"
	case Constraints:
		return "constraints"
	case Finish:
		return "finish"
	default:
		return "unknown"
	}
}

// TableData is the Kind of the data tasks that copy rows of a table. Those with the same Table are
// parts of one table.
const TableData = "TABLE DATA"

// Analyze is the Kind of the tasks that gather planner statistics. Those of tables count in phase Constraints.
const Analyze = "ANALYZE"

// Task is one piece of planned work.
type Task struct {
	ID    int    // unique within the plan
	Phase Phase  // the phase in which it is counted
	Kind  string // TOC description as pg_dump spells it: TABLE DATA, INDEX, FK CONSTRAINT
	Name  string // as shown to a user: public.orders
	Table string // the owning table, "" if there is none
	Bytes int64  // estimated bytes to move or, of an index, to read; 0 if unknown
	Rows  int64  // estimated rows to move, 0 if unknown
	// Part is which of the Parts of a split table it is, from 1; both are 0 of all else.
	Part, Parts int
}

func (t Task) isPart() bool { return t.Phase == Data && t.Kind == TableData }

func (t Task) isAnalyze() bool { return t.Phase == Constraints && t.Kind == Analyze }

// tableKey tells which table a part belongs to.
func (t Task) tableKey() string {
	if t.Table != "" {
		return t.Table
	}
	return t.Name
}
