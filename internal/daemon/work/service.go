package work

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"
)

// Service is what the API, and by it the page and the verbs, ask of a daemon. Its methods may be called from several goroutines. A request
// that can't be granted is ErrNotFound, an *Invalid or a *Conflict.
type Service interface {
	Databases(ctx context.Context) ([]Database, error)
	Stores(ctx context.Context) ([]Store, error)
	// Plan says what a transfer would do, without doing it.
	Plan(ctx context.Context, s Spec) (*Preview, error)

	Create(ctx context.Context, s Spec, by string) (*Transfer, error)
	Transfers(ctx context.Context, f Filter) ([]Transfer, error)
	Transfer(ctx context.Context, id string) (*Transfer, error)
	Change(ctx context.Context, id string, c Change, by string) (*Transfer, error)
	// Report is the JSON report of the last attempt that ended; ErrNotFound before.
	Report(ctx context.Context, id string) (json.RawMessage, error)
	// Events are what happened to a transfer, after the one with the number, and then what happens, until ctx ends or the last one has been
	// yielded: that of the final state. A reader that is slow is never waited for.
	Events(ctx context.Context, id string, after uint64) iter.Seq2[Event, error]
	// Live are the latest states of a transfer that runs: of one whose reader is slow, those between are left out. It ends as Events.
	Live(ctx context.Context, id string) iter.Seq2[Live, error]
	// All are the states of all transfers as they change, the present ones first. It ends with ctx.
	All(ctx context.Context) iter.Seq2[Transfer, error]

	Schedules(ctx context.Context) ([]Schedule, error)
	PutSchedule(ctx context.Context, s Schedule, by string) (*Schedule, error)
	DeleteSchedule(ctx context.Context, name string) error
	// Ready reports what keeps the daemon from working; nil if nothing does.
	Ready(ctx context.Context) error
}

// Event is one thing that happened to a transfer, for its log. Number rises by one or more within a transfer.
type Event struct {
	Number uint64    `json:"number"`
	At     time.Time `json:"at"`
	// Name is "state" for a change of the transfer, whose Data is a Transfer, or that of one of the events that
	// `pgsluice help progress` describes, whose object Data is. Progress events are not among them: Live has those. A "sample" stands
	// for some of them, ever fewer as a transfer goes on, so that its throughput can be drawn later: its Data is a Sample.
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"`
}

// The names of events that no transfer by itself has.
const (
	EventState  = "state"
	EventSample = "sample"
)

// Sample is how much the data phase had moved at one moment: differences between two of a run are rates.
type Sample struct {
	AtSeconds float64       `json:"at_seconds"` // since the run's start event
	Bytes     int64         `json:"bytes"`      // moved until then, in vain or not
	Stages    []SampleStage `json:"stages"`     // in pipe order
}

// SampleStage is what one stage of the pipe had done, summed over all parts.
type SampleStage struct {
	Name    string  `json:"name"`
	Elapsed float64 `json:"elapsed_seconds"` // how long it ran
	Busy    float64 `json:"busy_seconds"`    // of it, not waiting
	Bytes   int64   `json:"bytes"`           // that went through it
}

// Live is the state of a transfer that runs.
type Live struct {
	Transfer Transfer `json:"transfer"`
	// Progress is a progress event of `pgsluice help progress`, or its end event; null before there is one.
	Progress json.RawMessage `json:"progress"`
}

// Database is a database as the configuration has it, by name. What is not known of it is zero.
type Database struct {
	Name        string    `json:"name"`
	NeverTarget bool      `json:"never_target"`
	MaxStreams  int       `json:"max_streams,omitempty"`
	RateLimit   int64     `json:"rate_limit,omitempty"` // bytes per second
	Window      string    `json:"window,omitempty"`
	WindowOpen  bool      `json:"window_open"`
	Bytes       int64     `json:"bytes,omitempty"` // its size, when it was last looked at
	Version     string    `json:"version,omitempty"`
	Looked      time.Time `json:"looked,omitzero"`
	Error       string    `json:"error,omitempty"` // of that look, without secrets
	LastID      string    `json:"last_id,omitempty"`
	LastEnded   time.Time `json:"last_ended,omitzero"` // of the last transfer from or to it that completed
}

// Store is where dumps are kept.
type Store struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Files int    `json:"files"`
	Free  int64  `json:"free"` // bytes; -1 if not known
}

// Preview is what a transfer would do.
type Preview struct {
	Findings []Finding `json:"findings"`
	Refused  bool      `json:"refused"` // it would not begin
	Tables   int       `json:"tables"`
	Bytes    int64     `json:"bytes"`
	Rows     int64     `json:"rows"`
	Indexes  int       `json:"indexes"`
	Keys     int       `json:"keys"`    // constraints
	Seconds  float64   `json:"seconds"` // about how long it takes; 0 if not known
	Removes  bool      `json:"removes"` // what the target holds: it must be confirmed
}

// Finding is one thing that preflight has found.
type Finding struct {
	Severity string `json:"severity"` // error, warning or note
	Text     string `json:"text"`
	Advice   string `json:"advice,omitempty"`
}

// ErrNotFound says that there is no such transfer, schedule, database or store.
var ErrNotFound = errors.New("not found")

// Invalid is a request that says something impossible. Field is a JSON path such as spec.target, or "".
type Invalid struct{ Field, Message string }

func (e *Invalid) Error() string { return e.Message }

// Conflict is a request that can't be granted in the present state.
type Conflict struct{ Message string }

func (e *Conflict) Error() string { return e.Message }
