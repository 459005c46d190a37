package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
	"pgsluice/internal/transfer"
	"pgsluice/internal/verify"
)

// do does what a transfer is for.
func (r *run) do(ctx context.Context) outcome {
	switch t := r.seen(); t.Spec.Kind {
	case work.Dump:
		return r.dump(ctx, t)
	case work.Restore:
		return r.restore(ctx, t)
	case work.Verify:
		return r.verify(ctx, t)
	default:
		return r.copy(ctx, t)
	}
}

// followEvery is how often who watches gets a new state.
const followEvery = 500 * time.Millisecond

// follow runs one attempt and lets others watch.
func (r *run) follow(ctx context.Context, do func(*attempt) error) (progress.Snapshot, error) {
	a := r.newAttempt()
	feed := progress.NewFeed(a.tracker, progress.Tick)
	log := newJournal(r)
	stop := report.FollowJSON(context.WithoutCancel(ctx), feed, log, report.EventOptions{Every: followEvery})
	err := do(a)
	a.tracker.Finish()
	feed.Close()
	stop()
	log.close()
	return a.tracker.Snapshot(), err
}

func (r *run) copy(ctx context.Context, t work.Transfer) outcome {
	source, target := r.config.Database(t.Spec.Source), r.config.Database(t.Spec.Target)
	opt := r.engine.options(t, target.MaxStreams, source.MaxStreams)
	opt.Source, opt.Target, opt.Verify = source.URL.Reveal(), target.URL.Reveal(), t.Spec.Options.Verify
	return r.intoTarget(ctx, t, opt, transfer.Copy)
}

// options are those of package transfer for a transfer into a database.
func (e *Engine) options(t work.Transfer, mostStreams ...int) transfer.Options {
	o := t.Spec.Options
	opt := transfer.Options{
		Jobs: o.Jobs, IndexJobs: o.IndexJobs, SchemaOnly: o.SchemaOnly, DataOnly: o.DataOnly, NoOwner: o.NoOwner, NoACL: o.NoACL,
		NoComments: o.NoComments, Clean: o.Clean, PgDump: e.PgDump, Log: e.Log,
	}
	if o.Continue {
		opt.OnError = transfer.Continue
	}
	for _, most := range mostStreams {
		switch {
		case most == 0:
		case opt.Jobs > 0:
			opt.Jobs = min(opt.Jobs, most)
		case opt.MaxJobs == 0 || most < opt.MaxJobs:
			opt.MaxJobs = most
		}
	}
	return opt
}

// databaseOf is the name that a connection string's database has on its server: what pgsluice wants confirmed.
func databaseOf(url string) (string, error) {
	address, err := catalog.ParseAddress(url)
	if err != nil {
		return "", err
	}
	return address.Database(), nil
}

// dumpReaders is how many readers a dump begins with at most if nobody says.
const dumpReaders = 4

func (r *run) dump(ctx context.Context, t work.Transfer) outcome {
	source, o := r.config.Database(t.Spec.Source), t.Spec.Options
	opt := transfer.DumpOptions{
		Source: source.URL.Reveal(), Jobs: o.Jobs, PgDump: r.engine.PgDump, Log: r.engine.Log,
		Selection: transfer.Selection{
			Tables: o.Tables, Schemas: o.Schemas, SchemaOnly: o.SchemaOnly, DataOnly: o.DataOnly, NoOwner: o.NoOwner, NoACL: o.NoACL, NoComments: o.NoComments,
		},
	}
	if most := source.MaxStreams; most > 0 && (opt.Jobs > most || opt.Jobs == 0 && most < dumpReaders) {
		opt.Jobs = most
	}
	var out outcome
	if o.Compress != "" {
		if opt.Compression, out.err = transfer.ParseCompression(o.Compress); out.err != nil {
			return out
		}
	}
	name := t.ID + dumpSuffix
	var sink Sink
	if store, err := r.engine.store(r.config, t.Spec.Target); err != nil {
		out.err = err
	} else {
		sink, out.err = store.Create(ctx, name)
	}
	if out.err != nil {
		return out
	}
	sink.Into(&opt)
	var result *transfer.DumpResult
	out.snapshot, out.err = r.follow(ctx, func(a *attempt) (err error) {
		opt.Progress, opt.Control, opt.Limiter = a.tracker, a.control, a.limiter
		result, err = transfer.Dump(ctx, opt)
		return err
	})
	if out.err == nil {
		out.err = sink.Commit()
	}
	if out.err == nil {
		out.file = name
	} else {
		sink.Discard()
	}
	rep := r.base(&out)
	rep.Source = named(t.Spec.Source, result.Source)
	rep.PgDump, rep.Jobs, rep.Snapshot = report.Program{Version: result.PgDumpVersion}, result.Jobs, result.Snapshot
	if result.Compression != "" {
		rep.Output = &report.Output{Path: out.file, Compression: result.Compression, Version: result.Version}
	}
	out.report = r.reportOf(rep)
	return out
}

func (r *run) restore(ctx context.Context, t work.Transfer) outcome {
	target := r.config.Database(t.Spec.Target)
	made, err := r.engine.Queue.Get(ctx, t.Spec.Dump)
	if err != nil {
		return outcome{err: fmt.Errorf("the dump %s: %w", t.Spec.Dump, err)}
	}
	store, err := r.engine.store(r.config, made.Spec.Target)
	if err != nil {
		return outcome{err: err}
	}
	file, err := store.Open(ctx, made.File)
	if err != nil {
		return outcome{err: fmt.Errorf("the dump %s: %w", t.Spec.Dump, err)}
	}
	defer file.Close()
	opt := transfer.RestoreOptions{
		Options:   r.engine.options(t, target.MaxStreams),
		Selection: archive.Selection{Tables: t.Spec.Options.Tables, Schemas: t.Spec.Options.Schemas},
	}
	file.From(&opt)
	opt.Target = target.URL.Reveal()
	return r.intoTarget(ctx, t, opt.Options, func(ctx context.Context, o transfer.Options) (*transfer.Result, error) {
		opt.Options = o
		return transfer.Restore(ctx, opt)
	})
}

// verify compares two databases. It can't be paused, and has no rate.
func (r *run) verify(ctx context.Context, t work.Transfer) outcome {
	o := t.Spec.Options
	jobs := o.Jobs
	for _, name := range databases(t.Spec) {
		if most := r.config.Database(name).MaxStreams; most > 0 && (jobs == 0 || jobs > most) {
			jobs = most
		}
	}
	opt := verify.Options{
		Source: r.config.Database(t.Spec.Source).URL.Reveal(), Target: r.config.Database(t.Spec.Target).URL.Reveal(),
		Jobs: jobs, SchemaOnly: o.SchemaOnly, DataOnly: o.DataOnly, PgDump: r.engine.PgDump,
		Choices: verify.Choices{NoOwner: o.NoOwner, NoACL: o.NoACL, NoComments: o.NoComments},
	}
	rep := verify.Report{Version: r.engine.Version, Started: time.Now()}
	var out outcome
	out.snapshot, out.err = r.follow(ctx, func(a *attempt) (err error) {
		opt.Step = a.tracker.Step
		rep.Outcome, err = verify.Databases(ctx, opt)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return err
	})
	rep.Ended = time.Now()
	found := rep.Outcome
	rep.Outcome.Source = verify.Endpoint{Database: t.Spec.Source, ServerVersion: found.Source.ServerVersion}
	rep.Outcome.Target = verify.Endpoint{Database: t.Spec.Target, ServerVersion: found.Target.ServerVersion}
	rep.Outcome.PgDumpPath = ""
	switch {
	case found.Result != nil && out.err == nil:
		equal := found.Result.Equal()
		out.equal, out.failed = &equal, len(found.Result.Differences)+len(found.Result.Unverified)
	case out.err == nil:
		out.err = errors.New("the comparison came to no end")
	}
	if out.err != nil {
		rep.Error, rep.ExitCode = r.hider.error(out.err), exitFailed
	} else if !*out.equal {
		rep.ExitCode = exitDifferent
	}
	out.report = r.hidden(rep.JSON())
	return out
}
