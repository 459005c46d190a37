package work

import (
	"fmt"
	"time"
)

// Kind is what a transfer does.
type Kind string

// The kinds.
const (
	Copy    Kind = "copy"    // database to database
	Dump    Kind = "dump"    // database to store
	Restore Kind = "restore" // a dump in a store to database
	Verify  Kind = "verify"  // are two databases equal
)

// letter begins the ids of a kind, in the line of pg:backups; those that a schedule made begin with another.
func (k Kind) letter() string {
	switch k {
	case Dump:
		return "b"
	case Restore:
		return "r"
	case Verify:
		return "v"
	default:
		return "c"
	}
}

// ID is the id of the nth transfer, such as c001. scheduled says that a schedule made it.
func ID(k Kind, n uint64, scheduled bool) string {
	letter := k.letter()
	if scheduled {
		letter = "a"
	}
	return fmt.Sprintf("%s%03d", letter, n)
}

// State is how far a transfer is.
type State string

// The states, as the API has them. The last three are final.
const (
	Pending   State = "pending" // it waits for a daemon, for its databases, or for their window
	Running   State = "running"
	Paused    State = "paused"
	Completed State = "completed"
	Failed    State = "failed"
	Canceled  State = "canceled"
)

// Final reports whether nothing will change any more.
func (s State) Final() bool { return s == Completed || s == Failed || s == Canceled }

// Want is what was asked of a transfer last.
type Want string

// What may be asked.
const (
	WantRun    Want = "run"
	WantPause  Want = "pause"
	WantCancel Want = "cancel"
)

// Spec is what a transfer is to do.
type Spec struct {
	Kind Kind `json:"kind"`
	// Source is a database's name; of a restore it is "".
	Source string `json:"source,omitempty"`
	// Target is a database's name; of a dump, a store's.
	Target string `json:"target"`
	// Dump is, for a restore, the id of the transfer that made the dump.
	Dump string `json:"dump,omitempty"`
	// Confirm must be Target's name where the transfer would remove what the target holds.
	Confirm string  `json:"confirm,omitempty"`
	Options Options `json:"options"`
}

// Options are the choices of a transfer, with the meaning of the command line's flags. Not all go with each kind.
type Options struct {
	// Jobs is the number of copy streams; 0 finds it out. It may be changed while the transfer runs, as may RateLimit, in bytes per
	// second, 0 being none. What the configuration allows is an upper bound of both.
	Jobs       int      `json:"jobs,omitempty"`
	IndexJobs  int      `json:"index_jobs,omitempty"`
	RateLimit  int64    `json:"rate_limit,omitempty"`
	Clean      bool     `json:"clean,omitempty"`
	SchemaOnly bool     `json:"schema_only,omitempty"`
	DataOnly   bool     `json:"data_only,omitempty"`
	NoOwner    bool     `json:"no_owner,omitempty"`
	NoACL      bool     `json:"no_acl,omitempty"`
	NoComments bool     `json:"no_comments,omitempty"`
	Tables     []string `json:"tables,omitempty"`  // of a dump or a restore
	Schemas    []string `json:"schemas,omitempty"` // of a dump or a restore
	// Compress is a dump's: none, gzip, lz4 or zstd, with :LEVEL.
	Compress string `json:"compress,omitempty"`
	// Verify compares both sides behind a copy.
	Verify bool `json:"verify,omitempty"`
	// Continue leaves out what fails and goes on.
	Continue bool `json:"continue,omitempty"`
}

// Transfer is one transfer, from when it was asked for.
type Transfer struct {
	ID       string    `json:"id"`
	Number   uint64    `json:"number"` // rises over all transfers
	Spec     Spec      `json:"spec"`
	Schedule string    `json:"schedule,omitempty"` // that made it
	Created  time.Time `json:"created"`
	By       string    `json:"by"` // the name of the token

	State State `json:"state"`
	Want  Want  `json:"want"`
	// Waits says in words what a pending one waits for.
	Waits    string     `json:"waits,omitempty"`
	Started  *time.Time `json:"started,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
	Attempts int        `json:"attempts"`         // how often a daemon has begun or taken it up
	Daemon   string     `json:"daemon,omitempty"` // that has it in work
	// Arrived says that all is on the target: what is left is to tidy up there, and perhaps to compare. It is done exactly once.
	Arrived bool `json:"arrived,omitempty"`

	Error    string `json:"error,omitempty"`
	Warnings int    `json:"warnings"` // and objects that failed under Continue
	Totals   Totals `json:"totals"`
	// File is what a dump has made in its store. Expired says that retention has removed it.
	File    string `json:"file,omitempty"`
	Expired bool   `json:"expired,omitempty"`
	// Equal is what a verification found; nil if there was none.
	Equal *bool `json:"equal,omitempty"`
}

// Totals are what a transfer has moved.
type Totals struct {
	Bytes   int64   `json:"bytes"`   // of rows, as they travel
	Written int64   `json:"written"` // of a dump: the size of its file
	Rows    int64   `json:"rows"`
	Tables  int     `json:"tables"`
	Seconds float64 `json:"seconds"`
}

// Status is the state in words, as pg:backups has it.
func (t *Transfer) Status() string {
	switch {
	case t.State == Completed && t.Warnings == 1:
		return "Finished with 1 warning"
	case t.State == Completed && t.Warnings > 1:
		return fmt.Sprintf("Finished with %d warnings", t.Warnings)
	case t.State == "":
		return ""
	}
	return string(t.State[0]-'a'+'A') + string(t.State[1:])
}

// Change is a change of what may be changed while a transfer runs; nil leaves it as it is.
type Change struct {
	Want      *Want  `json:"want,omitempty"`
	RateLimit *int64 `json:"rate_limit,omitempty"`
	Jobs      *int   `json:"jobs,omitempty"`
}

// Filter chooses transfers. The zero value is all, newest first.
type Filter struct {
	States   []State
	Database string
	Before   uint64 // number; 0 is no bound
	Limit    int    // 0 is 100
}
