// Package report shows progress snapshots to people and programs: as plain lines while a transfer
// runs ([Follow]), as events for programs ([FollowJSON]), as one picture of a moment ([StatusText]), as a table at its end
// ([WriteText]) and as JSON with a documented, versioned
// schema ([WriteJSON], [WriteFile]).
//
// It only reads: a reporter that is slow, blocked or broken never slows the transfer. What it
// prints fits the given width, counts East Asian characters as the two columns they take, and shows
// control characters in names escaped, so that no name can steer a terminal. MB is 10^6 bytes.
// It contains no password: an [Endpoint] has no place for one.
package report

import (
	"time"

	"pgsluice/internal/progress"
)

// Report is all that is said about one transfer at its end.
type Report struct {
	Version string // of pgsluice
	Command string // the verb: copy
	Source  Endpoint
	Target  Endpoint
	PgDump  Program
	Jobs    int // concurrent tables
	// IndexJobs is how many indexes and constraints were made at the same time, Builders what each of those jobs was given,
	// in words: "maintenance_work_mem 65536kB, 2 parallel workers". 0 and "" if it is not known.
	IndexJobs int
	Builders  string
	Options   []string // in words, those that differ from the defaults
	Snapshot  string   // id of the exported snapshot, "" if none was taken

	Started time.Time // zero: Progress.Started
	Ended   time.Time // zero: Started and what Progress has elapsed

	Outcome  Outcome
	ExitCode int
	Error    string // the cause if the outcome is failed or cancelled
	// Resumable says that the target keeps the record of what has arrived, with which a later run can go on.
	Resumable bool

	// Resumed is how many tasks were done by runs before this one; 0 if there were none.
	Resumed int
	// Mixed says which tables were read under which snapshot, if there were several.
	Mixed []Mixture
	// Verified is nil if nothing was compared.
	Verified *Verified

	// Output is what a dump was written to; nil if no file or stream was written.
	Output *Output

	Progress progress.Snapshot
}

// Output is the file or stream of a dump; Progress.Data.Written is how much the rows take in it.
type Output struct {
	Path        string // "" of a stream, and of a file that could not be finished
	Compression string // method, or method:level
	Version     string // of an archive, 1.16; "" of a script or a COPY stream
}

// Endpoint is one of the two databases, or an archive of one.
type Endpoint struct {
	Host          string // host name, address or socket directory
	Port          int
	Database      string
	User          string
	ServerVersion string // as the server says it: 15.18
	// Archive is, where it is no server, the archive of that database: a path, or stdin.
	Archive string
}

// Mixture is which tables were read under one of several snapshots.
type Mixture struct {
	Taken  time.Time // zero if it is this run's
	Tables []string  // as shown to a user: table public.orders
}

// Program is a helper program that was used.
type Program struct {
	Path    string
	Version string
}

// Outcome is how a transfer ended.
type Outcome string

// The outcomes, as they stand in JSON.
const (
	Complete             Outcome = "complete"
	CompleteWithFailures Outcome = "complete with failures" // each is among Progress.Failures
	Different            Outcome = "different"              // complete, but --verify has found differences
	Failed               Outcome = "failed"
	Cancelled            Outcome = "cancelled"
)

// concurrency is how much ran at the same time, in words, one for each thing that is known.
func (r Report) concurrency() []string {
	var words []string
	if r.Jobs > 0 {
		words = append(words, plural(r.Jobs, "job", "jobs"))
	}
	if r.IndexJobs > 0 {
		words = append(words, plural(r.IndexJobs, "index job", "index jobs"))
	}
	return words
}

func (r Report) started() time.Time {
	if r.Started.IsZero() {
		return r.Progress.Started
	}
	return r.Started
}

func (r Report) ended() time.Time {
	if r.Ended.IsZero() {
		return r.started().Add(r.Progress.Elapsed)
	}
	return r.Ended
}

func (r Report) elapsed() time.Duration { return max(r.ended().Sub(r.started()), 0) }
