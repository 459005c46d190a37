package transfer

import (
	"context"
	"io"
	"reflect"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgdump"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
)

// Selection is what of a database a dump takes, in the words of pg_dump.
type Selection = pgdump.Selection

// DumpFormat is what a dump is written as.
type DumpFormat int

const (
	// CustomArchive is pg_dump's custom format, one stream.
	CustomArchive DumpFormat = iota
	// DirectoryArchive is pg_dump's directory format.
	DirectoryArchive
	// PlainScript is SQL that psql runs.
	PlainScript
	// CopyStream is what COPY sends of one table or query, and nothing else.
	CopyStream
)

// DumpOptions are the choices of one dump. The zero value of each field is its documented default.
type DumpOptions struct {
	// Source names the database as psql does.
	Source string
	// To is what the dump is written to if Path is "". Path is the file, or of a directory archive the directory, that
	// appears when the dump is whole: one that is there is replaced if it is a file, and refused if it is a directory with
	// something in it. A device or a named pipe is written to as it is.
	To   io.Writer
	Path string
	// Format is what is written.
	Format DumpFormat
	// Compression is of the rows, or of a whole script or COPY stream. Nil chooses it: see chooseCompression; scripts and COPY streams
	// are not compressed then.
	Compression *archive.Compression
	// ArchiveMinor is the version of the archive, 14 for 1.14. 0 is what pg_dump writes.
	ArchiveMinor int
	// Selection is what of the database is taken. For a CopyStream it has one table, by its name, or none.
	Selection Selection
	// Query is what a CopyStream has the rows of, instead of a table; RowFormat is how it words them.
	Query     string
	RowFormat RowFormat
	// Jobs is how many tables, or parts of tables, are read at the same time. 0 is as many as this machine has cores, which
	// compress, but 2 at least and 4 at most.
	Jobs int
	// SplitAbove, Limiter, Control, RetryFor, StallFor, LockTimeout, PgDump, Log and Progress are those of Options.
	SplitAbove  int64
	Limiter     *Limiter
	Control     *Control
	RetryFor    time.Duration
	StallFor    time.Duration
	LockTimeout time.Duration
	PgDump      string
	Log         *zap.Logger
	Progress    *progress.Tracker
}

// DumpResult is what a dump used and what came of it, as far as it came.
type DumpResult struct {
	Source        Endpoint
	PgDumpPath    string
	PgDumpVersion string
	Snapshot      string
	Jobs          int
	// Version and Compression are of the archive.
	Version     string
	Compression string
	// Path is the file or directory that is there now; "" if it was a stream, or there is none.
	Path string
}

// dump is one dump in work.
type dump struct {
	*run
	opt    DumpOptions
	result DumpResult
	tasks  []*plan.Task
	turnOf []int // by task
	out    *assembly
	next   atomic.Int64 // the task that is taken next
}

// Dump writes the source database to a file or a stream, and returns when all is written, or with the error that stopped it:
// a *Refused if nothing was written, the context's cause if it was cancelled. A file that could not be finished is removed;
// of a stream its reader must tell that it is cut, as pg_restore does.
func Dump(ctx context.Context, opt DumpOptions) (*DumpResult, error) {
	d := newDump(opt)
	defer d.Progress.Finish()
	if err := d.checkDump(); err != nil {
		return &d.result, err
	}
	ctx, d.end = context.WithCancelCause(ctx)
	defer d.end(nil)
	defer func() { d.let(ctx) }()
	err := d.prepare(ctx)
	switch {
	case err == nil && opt.Format == CopyStream:
		err = d.copyStream(ctx)
	case err == nil:
		err = d.write(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // what the servers and pipes say of a cancellation is an echo
	}
	d.result.Source, d.result.Snapshot = d.run.result.Source, d.run.result.Snapshot
	d.result.PgDumpPath, d.result.PgDumpVersion = d.run.result.PgDumpPath, d.run.result.PgDumpVersion
	return &d.result, err
}

func newDump(opt DumpOptions) *dump {
	d := &dump{opt: opt}
	d.run = &run{
		Options: Options{
			Source: opt.Source, Jobs: opt.Jobs, Format: FormatText, SplitAbove: opt.SplitAbove, SchemaOnly: opt.Selection.SchemaOnly,
			DataOnly: opt.Selection.DataOnly, Limiter: opt.Limiter, Control: opt.Control, RetryFor: opt.RetryFor, StallFor: opt.StallFor, LockTimeout: opt.LockTimeout,
			PgDump: opt.PgDump, Log: opt.Log, Progress: opt.Progress,
		}.withDefaults(),
		selection: opt.Selection, result: &Result{}, done: newSet(), failed: newSet(), flawed: newSet(),
	}
	d.origin = live{d.run}
	d.Control.begin(d.Limiter, d.Progress)
	return d
}

// checkDump refuses options that contradict each other.
func (d *dump) checkDump() error {
	o := &d.opt
	stream := o.Format == CopyStream
	switch {
	case o.Format == DirectoryArchive && o.Path == "":
		return refuse("--format directory needs --output: a directory can't be written to a stream")
	case o.ArchiveMinor != 0 && o.Format > DirectoryArchive:
		return refuse("--archive-version is of an archive: --format custom or directory")
	case o.ArchiveMinor != 0 && (o.ArchiveMinor < 14 || o.ArchiveMinor > 16):
		return refuse("--archive-version 1.%d: must be 1.14, 1.15 or 1.16", o.ArchiveMinor)
	case !stream && (o.Query != "" || o.RowFormat != RowsAsText):
		return refuse("--query and --copy-format go with --format copy: an archive has the rows of tables, as text")
	case stream && (o.Query == "") == (len(o.Selection.Tables) != 1):
		return refuse("--format copy is of one --table or of a --query")
	}
	if rest := o.Selection; stream {
		if rest.Tables = nil; !reflect.DeepEqual(rest, Selection{}) {
			return refuse("--format copy is of one --table or --query alone: the other options of what is taken don't go with it")
		}
	}
	return d.check()
}

// prepare does all that comes before the first byte. Its errors are Refused.
func (d *dump) prepare(ctx context.Context) (err error) {
	defer func() {
		if err != nil && ctx.Err() == nil && !IsRefused(err) {
			err = &Refused{Err: err}
		}
	}()
	d.Progress.Step("connecting")
	s, err := d.logIn(ctx, false)
	defer s.close(ctx)
	if err == nil && s.source != nil {
		err = d.look(ctx, s)
	}
	if err != nil {
		return err
	}
	if err := d.tell(); err != nil {
		return err
	}
	if d.opt.Format == CopyStream {
		return nil
	}
	d.chooseReaders()
	return d.retrying(ctx, "preparing", func() error {
		d.let(ctx)
		return d.inspect(ctx)
	})
}

// inspect takes the snapshot, and with it the table of contents and the locks, and makes the tasks.
func (d *dump) inspect(ctx context.Context) error {
	toc, source, err := d.open(ctx)
	if err != nil {
		return err
	}
	var all []uint32
	if plan.NamesNoObjects(toc) {
		if all, err = largeObjectsOf(ctx, d.snapshot.holders[0]); err != nil {
			return err
		}
	}
	if d.tasks, err = plan.Contents(toc, source, d.splits, all); err != nil {
		return err
	}
	d.nameUnlogged(source)
	if d.toc, err = d.header(toc); err != nil {
		return err
	}
	return nil
}
