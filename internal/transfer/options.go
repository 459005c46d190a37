package transfer

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"pgsluice/internal/progress"
)

// OnError says what a copy does when one object fails.
type OnError int

const (
	// Stop ends the transfer at the first object that fails.
	Stop OnError = iota
	// Continue leaves the object out, lists it, and goes on with what does not need it.
	Continue
)

// Options are the choices of one copy. The zero value of each field is its documented default; the same
// struct serves flags, files and the API.
type Options struct {
	// Source and Target name the databases as psql does: a URL, a keyword string, a bare database name, or ""
	// for what the PG* variables say.
	Source, Target string
	// Jobs is how many tables are copied, and how many post-data entries run, at the same time. Default 4.
	Jobs int
	// SchemaOnly copies no rows, no large objects and no sequence values.
	SchemaOnly bool
	// DataOnly copies rows, large objects and sequence values into tables that exist and are empty, and refreshes the
	// materialized views that are filled on the source.
	DataOnly bool
	// NoOwner, NoACL, NoComments, NoTablespaces, NoPublications leave those parts of the schema out, as the
	// options of pg_restore with those names do.
	NoOwner, NoACL, NoComments, NoTablespaces, NoPublications bool
	// NoDBSettings leaves out what ALTER DATABASE … SET, COMMENT ON DATABASE and GRANT … ON DATABASE said of the source.
	NoDBSettings bool
	// Subscriptions creates subscriptions too (never connected). The default leaves them out and says so.
	Subscriptions bool
	// RateLimit is the ceiling of all streams together, in bytes per second as COPY text. 0 means none.
	RateLimit int64
	// OnError is Stop or Continue.
	OnError OnError
	// PgDump is the path of the pg_dump to use. "" looks for one.
	PgDump string
	// Clean drops every user object of the target that no extension owns, once preflight has passed and the
	// table of contents is read, and deletes the user's rows of extensions' configuration tables. The privileges of what
	// stays, and the database's own settings, are kept. Confirm must then be the target database's name.
	Clean   bool
	Confirm string
	// Log gets debug and info lines of what runs. Nil logs nothing.
	Log *zap.Logger
	// Progress gets the live state. Nil keeps it private.
	Progress *progress.Tracker
}

const defaultJobs = 4 // enough to keep a 2–4 core target busy; more streams than cores gain little

func (o Options) withDefaults() Options {
	if o.Jobs == 0 {
		o.Jobs = defaultJobs
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Progress == nil {
		o.Progress = progress.New()
	}
	return o
}

// check refuses options that contradict each other.
func (o Options) check() error {
	switch {
	case o.Jobs < 1:
		return refuse("--jobs %d: at least one job is needed", o.Jobs)
	case o.SchemaOnly && o.DataOnly:
		return refuse("--schema-only and --data-only exclude each other")
	case o.RateLimit < 0:
		return refuse("--rate-limit must be positive")
	case o.Clean && o.DataOnly:
		return refuse("--clean drops the tables that --data-only needs")
	case o.Clean && o.Confirm == "":
		return refuse("--clean drops every user object of the target: confirm it with --confirm and the target database's name")
	case o.Confirm != "" && !o.Clean:
		return refuse("--confirm goes with --clean")
	}
	return nil
}

// Refused is a transfer that did not start: usage, preflight, or a database that can't be reached. Nothing
// was changed on the target.
type Refused struct{ Err error }

func (e *Refused) Error() string { return e.Err.Error() }
func (e *Refused) Unwrap() error { return e.Err }

func refuse(format string, args ...any) error {
	return &Refused{Err: fmt.Errorf(format, args...)}
}

// IsRefused reports whether err says that nothing was changed.
func IsRefused(err error) bool {
	var r *Refused
	return errors.As(err, &r)
}

// Endpoint is a database that a transfer talked to. It never holds a password.
type Endpoint struct {
	Host          string
	Port          uint16
	Database      string
	User          string
	ServerVersion string // as the server says it, e.g. "15.18 (Debian 15.18-0+deb12u1)"
}

// Result is what a copy used and what came of it; the counts and durations are in the progress tracker. It is
// filled as far as the copy came, also when Copy returns an error.
type Result struct {
	Source, Target Endpoint
	PgDumpPath     string
	PgDumpVersion  string
	Snapshot       string
	// Failed is the number of objects that failed under OnError Continue.
	Failed int
}
