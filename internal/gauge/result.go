package gauge

import "time"

// Kind is what a measurement is about.
type Kind string

// The kinds, in the order in which they are measured.
const (
	SourceLink  Kind = "source-link"      // bytes that cost the source next to nothing, to here
	SourceRead  Kind = "source-read"      // real tables, thrown away here
	TargetLink  Kind = "target-link"      // bytes that the target takes and drops
	TargetWrite Kind = "target-write"     // a sample of the rows, out of memory
	Through     Kind = "source-to-target" // real rows, as a copy moves them
)

// Format is one of COPY's formats.
type Format string

// The formats.
const (
	Text   Format = "text"
	Binary Format = "binary"
)

// Measurement is one rate. Bytes are counted as they travel in COPY, in the measurement's own format.
type Measurement struct {
	Kind    Kind
	Format  Format
	Streams int

	Bytes, Rows int64
	Elapsed     time.Duration
	// BytesPerSecond is the figure to use: of readings the median of the intervals' rates, unless a few of them hold most; of writings Bytes by Elapsed, because
	// what the sockets' buffers swallow at the beginning is paid for in the end; of Through the same, or, where its last part can't be waited for, the mean after the first interval.
	BytesPerSecond float64
	// Low and High are the 10th and the 90th percentile of the intervals' rates.
	Low, High float64
	// Intervals are the rates of equal stretches of time, in bytes per second.
	Intervals []float64
	// SourceBusy and TargetBusy are the shares of its time in which a stream of [Through] was held up by that side.
	SourceBusy, TargetBusy float64
	// Err is why the measurement is missing, "" if it isn't.
	Err string
}

// Side is one of the two servers.
type Side struct {
	Host, Database, User, ServerVersion string
	Port                                int
	Standby, TLS                        bool
	// RoundTrip is the time of an empty query.
	RoundTrip Spread
}

// Spread is the middle of some times, and how far they lie apart.
type Spread struct {
	Count             int
	Median, Low, High time.Duration // Low and High: the 10th and the 90th percentile
}

// Table is one that was read.
type Table struct {
	Name  string
	Bytes int64 // estimated, as COPY text
}

// Sample is the rows held in memory.
type Sample struct {
	Table                  string // "" for generated rows
	Rows                   int64
	TextBytes, BinaryBytes int64 // of the same rows; BinaryBytes is 0 if they can't travel in binary
	Columns, AsText        int   // AsText are columns of types that the target may not have, or that are not safe in binary
}

// Compression is what a method made of the sample on one core of this machine.
type Compression struct {
	Method         string
	Format         Format
	BytesPerSecond float64 // of its input
	Ratio          float64 // input by output
}

// Result is all that a run has found.
type Result struct {
	Source  Side
	Target  *Side // nil without one
	Started time.Time
	Ended   time.Time

	// Tables are those that were read, the largest first; AllTables and AllBytes are estimates of the whole database.
	Tables    []Table
	AllTables int
	AllBytes  int64
	Sample    Sample
	Generated bool // there were no rows to read

	Measurements []Measurement
	Compressions []Compression
	// Notes are what a reader of the figures must know: what was skipped, what disturbs them.
	Notes []string
	// SameServer says that source and target are one; SameMachine that they probably share its cores.
	SameServer, SameMachine bool

	Verdict Verdict
}

// Of are the measurements of a kind that have a rate.
func (r *Result) Of(kind Kind, format Format) []Measurement {
	var found []Measurement
	for _, m := range r.Measurements {
		if m.Kind == kind && (m.Format == format || format == "") && m.Err == "" && m.BytesPerSecond > 0 {
			found = append(found, m)
		}
	}
	return found
}

// Failed counts the measurements that are missing for an error.
func (r *Result) Failed() int {
	n := 0
	for _, m := range r.Measurements {
		if m.Err != "" {
			n++
		}
	}
	return n
}
