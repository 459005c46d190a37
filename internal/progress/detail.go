package progress

import (
	"slices"
	"time"
)

// Worker is who does a task: a lane of the timeline, and the backends that its statements run in.
type Worker struct {
	Name      string // "copy 2", "build 1", "schema": unique among those that work at the same time
	SourcePID uint32 // 0 if it has no session there
	TargetPID uint32
}

// Detail is what the servers say of a task in work. The zero value says nothing.
type Detail struct {
	// Activity is what it does now, in the server's words: "building index: scanning table" (phase of
	// pg_stat_progress_create_index), "acquiring sample rows" (pg_stat_progress_analyze).
	Activity string
	// Done of Total units of that activity; Total 0 is unknown. They begin anew with each activity.
	Done, Total int64
	Unit        string // "blocks", "tuples", "partitions"
	// Parallel is how many parallel workers help.
	Parallel int
	// SourceWait and TargetWait are what its backends wait for, as "Lock: relation" (wait_event_type: wait_event), "" when
	// they don't wait or nothing is known.
	SourceWait, TargetWait string
	// BlockedBy are the sessions that hold a lock that a backend of this task waits for.
	BlockedBy []Blocker
}

// Percent is Done of Total in percent, false if it is not known.
func (d Detail) Percent() (float64, bool) {
	if d.Total <= 0 {
		return 0, false
	}
	return 100 * float64(min(max(d.Done, 0), d.Total)) / float64(d.Total), true
}

// Blocker is a session that holds or wants before us a lock that we wait for.
type Blocker struct {
	Server      string // "source" or "target"
	PID         uint32
	Application string // application_name, "" if it can't be seen
	User        string
	State       string    // active, idle in transaction, …; "" if it can't be seen
	QueryStart  time.Time // of its current or last query; zero if it can't be seen
	Ours        bool      // a session of this transfer
}

// By says who does the task. It is called before or while it runs, at most by its owner.
func (r *Running) By(w Worker) {
	r.tracker.mu.Lock()
	defer r.tracker.mu.Unlock()
	r.worker, r.retry = w, Retry{}
}

// AddRows counts n more rows that this task has moved, like AddBytes. What Done says takes its place.
func (r *Running) AddRows(n int64) { r.rows.Add(n) }

// Describe keeps what the servers say of a task until the next call; a task that is not in work is passed over. The
// slice belongs to the tracker from then on.
func (t *Tracker) Describe(id int, d Detail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.IndexFunc(t.running, func(r *Running) bool { return r.task.ID == id }); i >= 0 {
		t.running[i].detail = d
	}
}
