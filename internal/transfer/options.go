package transfer

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
	"pgsluice/internal/verify"
	"pgsluice/stages"
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
	// Jobs is how many tables, or parts of tables, are copied at the same time. 0 finds it out while it copies: streams are added
	// while the rate grows by more than that costs, up to MaxJobs (0: 16). With fewer connections free on either side there are
	// fewer, and a warning says so; the same holds for IndexJobs.
	Jobs, MaxJobs int
	// IndexJobs is how many indexes, constraints and other post-data entries are made at the same time. 0 is as many as Jobs, or
	// as the copy begins with.
	IndexJobs int
	// TotalJobs is how many of both kinds there are at the same time, together. 0 is as many as the two allow. As many as
	// the target has cores keeps a long index build from sharing its core.
	TotalJobs int
	// Format is which of COPY's formats the rows travel in. The default chooses it for each table.
	Format Format
	// SplitAbove is the size in bytes, TOAST included, from which on a table is copied in parts by several streams. 0 chooses it
	// by the size of the database and Jobs; a negative one is never.
	SplitAbove int64
	// IndexMemory is what all index builds together may take on the target as maintenance_work_mem, in bytes. 0 chooses it by
	// the target's settings; see builderSettings.
	IndexMemory int64
	// Set are settings of all sessions on the target, which go before those that a transfer sets by itself.
	Set map[string]string
	// TOCOrder takes tasks that are ready in the order of the table of contents instead of the one with the longest path
	// behind it, to see what that is worth.
	TOCOrder bool
	// Vacuum is what is vacuumed once it has its rows. The default leaves it to the target's autovacuum where that comes by
	// itself, from version 13 on; a table that is copied whole arrives frozen anyway, but for its TOAST.
	Vacuum plan.Vacuum
	// NoAnalyze leaves the gathering of planner statistics out.
	NoAnalyze bool
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
	// Limiter holds all streams together to one rate, in bytes per second as they travel; the rate may be changed
	// meanwhile. Nil means no limit.
	Limiter *Limiter
	// Control changes the transfer while it runs. Nil means that nobody does.
	Control *Control
	// Resume goes on with what an earlier copy into the target has left, which must have had the same options. Restart begins
	// it anew: what is in the target is dropped, as by Clean, with Confirm; with DataOnly the rows are.
	Resume  ResumeMode
	Restart bool
	// TakeOver ends what another run, whose place this one takes, has left at work on the target, once that gives no sign of life any more, also
	// where it has no ledger there yet. Resume, Restart and Clean do so where it has one.
	TakeOver bool
	// ID is what the ledger calls the transfer, for who wants to know it again in ReadStatus; "" makes one up.
	ID string
	// Arrived is called when all is done and safe on the target, before the ledger, which says so, is dropped; perhaps again, by a
	// resumed transfer. Its error ends the transfer, and the ledger stays. May be nil.
	Arrived func(context.Context) error
	// Verify reads both sides once more and compares them: the source under the copy's snapshot, which is kept as long, the
	// target when all is there.
	Verify bool
	// RetryFor is for how long a lost connection is tried again. 0 means 5 minutes; a negative one, not at all.
	RetryFor time.Duration
	// StallFor is after how long without a byte a part is broken off and tried again while both servers wait for us. Default
	// a minute.
	StallFor time.Duration
	// LockTimeout bounds each wait for a table lock on the source. 0 means a minute: longer would look stuck, and while we wait
	// in the queue the application waits behind us.
	LockTimeout time.Duration
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

// Limiter is the ceiling of all copy streams of a transfer together.
type Limiter = stages.Limiter

// NewLimiter returns a Limiter for bytesPerSecond; 0 means no limit until SetRate sets one.
func NewLimiter(bytesPerSecond int64) *Limiter { return stages.NewLimiter(bytesPerSecond) }

func (o Options) withDefaults() Options {
	if o.RetryFor == 0 {
		o.RetryFor = 5 * time.Minute // servers recover and fail over in less
	}
	if o.StallFor <= 0 {
		o.StallFor = time.Minute
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = time.Minute
	}
	if o.Control != nil && o.Limiter == nil {
		o.Limiter = NewLimiter(0) // where streams stand still
	}
	o.ID = cmp.Or(o.ID, rand.Text())
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
	case o.Jobs < 0:
		return refuse("--jobs %d: at least one job is needed", o.Jobs)
	case o.MaxJobs < 0:
		return refuse("--max-jobs %d: at least one job is needed", o.MaxJobs)
	case o.Jobs > 0 && o.MaxJobs > 0:
		return refuse("--max-jobs bounds --jobs auto; with --jobs %d there is nothing to bound", o.Jobs)
	case o.IndexJobs < 0:
		return refuse("--index-jobs %d: at least one is needed", o.IndexJobs)
	case o.TotalJobs < 0:
		return refuse("--total-jobs %d: at least one is needed", o.TotalJobs)
	case o.IndexMemory < 0:
		return refuse("--index-memory must be positive")
	case o.checkSettings() != nil:
		return &Refused{Err: o.checkSettings()}
	case o.SchemaOnly && o.DataOnly:
		return refuse("--schema-only and --data-only exclude each other")
	case o.Resume != NoResume && (o.Restart || o.Clean):
		return refuse("--resume goes on with what is there, and --restart and --clean remove it")
	case o.Restart && o.Confirm == "":
		return refuse("--restart removes what the target holds: confirm it with --confirm and the target database's name")
	case o.NoAnalyze && o.Vacuum == plan.VacuumAll:
		return refuse("--vacuum all goes with ANALYZE: leave --no-analyze out")
	case o.LockTimeout < 0:
		return refuse("--lock-timeout must be positive")
	case o.Clean && o.DataOnly:
		return refuse("--clean drops the tables that --data-only needs")
	case o.Clean && o.Confirm == "":
		return refuse("--clean drops every user object of the target: confirm it with --confirm and the target database's name")
	case o.Confirm != "" && !o.Clean && !o.Restart:
		return refuse("--confirm goes with --clean or --restart")
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
	// Archive is, where it is no server, the name of an archive of that database, and Created when that was made.
	Archive string
	Created time.Time
}

// String gives it as it is shown.
func (e Endpoint) String() string {
	if e.Archive != "" && e.Created.IsZero() {
		return "a script (" + e.Archive + ")"
	}
	if e.Archive != "" {
		return fmt.Sprintf("the archive of database %s of %s (%s)", e.Database, e.Created.Format(time.DateTime), e.Archive)
	}
	return fmt.Sprintf("%s at %s port %d", e.Database, e.Host, e.Port)
}

// Result is what a copy used and what came of it; the counts and durations are in the progress tracker. It is
// filled as far as the copy came, also when Copy returns an error.
type Result struct {
	Source, Target Endpoint
	PgDumpPath     string
	PgDumpVersion  string
	Snapshot       string
	// Jobs and IndexJobs are how many there were; Builders is what each builder was given, in words.
	Jobs, IndexJobs int
	Builders        string
	// Begun says that the target was changed. Planned and Done are how many tasks there are, and how many of them are done, of
	// which Resumed by earlier runs.
	Begun                  bool
	Planned, Done, Resumed int
	// Complete says that every task is done, and the ledger dropped.
	Complete bool
	// Mixed says, of a copy whose rows are of several snapshots, which are of which.
	Mixed []Mixture
	// Verified is what Verify found; nil if it was not asked for or did not come to its end, which VerifyErr then says of a
	// copy that is complete.
	Verified  *verify.Result
	VerifyErr error
	// Failed is the number of objects that failed under OnError Continue.
	Failed int
}
