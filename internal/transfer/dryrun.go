package transfer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/pgdump"
	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
)

// Outlook is what a copy would do, as far as that can be known without doing it.
type Outlook struct {
	Source, Target Endpoint // Target is zero without one
	// Encodings are of the two databases.
	SourceEncoding, TargetEncoding string
	Findings                       []preflight.Finding
	// Plan is nil where the source can't be read, or the findings say why it was not looked at.
	Plan *plan.Plan
	// Forecast is nil without a plan.
	Forecast        *Forecast
	PgDumpVersion   string
	Jobs, IndexJobs int
}

// DryRun finds out what a copy with opt would do, and what would stand in its way. It changes nothing, reads no table, and
// locks tables as pg_dump does, in ACCESS SHARE, only while that reads the definitions. With sourceOnly the target is not
// looked at, and the plan is one for a server like the source's. An error is one that says nothing about the copy: of opt
// itself, or that the context has ended; all else is a finding.
func DryRun(ctx context.Context, opt Options, sourceOnly bool) (*Outlook, error) {
	r := &run{Options: opt.withDefaults(), result: &Result{}, done: newSet(), failed: newSet()}
	r.survey.dry = true
	defer r.Progress.Finish()
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := r.outlook(ctx, !sourceOnly); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var side string
		r.survey.add(preflight.Of(side, err))
	}
	for _, w := range r.Progress.Snapshot().Warnings { // what pg_dump said, and what a copy would make less of
		r.survey.add(preflight.Finding{Level: preflight.Warning, What: w.Object + ": " + w.Message})
	}
	o := &Outlook{
		Source: r.result.Source, Target: r.result.Target, Findings: r.survey.findings, Plan: r.plan,
		PgDumpVersion: r.result.PgDumpVersion, Jobs: r.beginJobs, IndexJobs: r.IndexJobs,
	}
	if r.srcFacts != nil {
		o.SourceEncoding = r.srcFacts.Encoding
	}
	if r.dstFacts != nil {
		o.TargetEncoding = r.dstFacts.Encoding
	}
	if r.plan != nil {
		o.Forecast = forecast(r.plan, r.survey.source, r.beginJobs, r.IndexJobs, r.TotalJobs)
	}
	return o, nil
}

func (r *run) outlook(ctx context.Context, withTarget bool) error {
	s, err := r.logIn(ctx, withTarget)
	defer s.close(ctx)
	if err != nil || s.source == nil {
		return err
	}
	if err := r.look(ctx, s); err != nil || preflight.Blocked(r.survey.findings) && r.unreadable() {
		return err
	}
	return r.planDry(ctx, s)
}

// unreadable reports whether a finding about the source, and not about the target alone, stands in the way.
func (r *run) unreadable() bool {
	for _, f := range r.survey.findings {
		if f.Blocks && f.Side != preflight.Target {
			return true
		}
	}
	return false
}

// planDry makes the plan under a snapshot that ends with it, and adds what speaks against it on the target.
func (r *run) planDry(ctx context.Context, s *sides) error {
	if r.TotalJobs == 0 { // without a target, or with one that can't be used, nothing bounds them
		r.chooseJobs()
		r.TotalJobs = r.Jobs + r.IndexJobs
	}
	toc, err := r.readDry(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.survey.add(preflight.Finding{Side: preflight.Source, What: err.Error(), Err: err, Blocks: true})
		return nil
	}
	choices := r.choices()
	choices.Keyless = true // nothing is carried out
	if r.plan, err = plan.Build(toc, r.survey.source, choices); err != nil {
		return err
	}
	r.tellText()
	if !r.SchemaOnly {
		r.survey.add(preflight.Unlogged(r.srcFacts, r.survey.source)...)
	}
	if s.target == nil || r.survey.aroundTarget == nil {
		return nil
	}
	return r.judgePlan(ctx)
}

// readDry reads the table of contents and what the catalogs say under one snapshot.
func (r *run) readDry(ctx context.Context) (*archive.TOC, error) {
	program, err := pgdump.Choose(ctx, r.PgDump, r.srcFacts.Version/10000)
	if err != nil {
		return nil, err
	}
	r.result.PgDumpPath, r.result.PgDumpVersion = program.Path, program.Version
	reader, err := catalog.OpenSession(ctx, r.src, r.readerOptions("plan"))
	if err != nil {
		return nil, err
	}
	defer catalog.Close(ctx, reader)
	snapshot, err := beginAndExport(ctx, reader, "")
	if err == nil {
		err = exec(ctx, reader, "SAVEPOINT questions")
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	conn, err := r.src.Connect(ctx, "pgsluice pg_dump", nil)
	if err != nil {
		return nil, err
	}
	both, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	child, err := pgdump.Start(both, program, conn, pgdump.Options{Snapshot: snapshot, Encoding: r.srcFacts.Encoding, LockWait: r.LockTimeout})
	if err != nil {
		return nil, err
	}
	defer child.Stop()
	asked := make(chan error, 1)
	go func() { // pg_dump's questions take long; ours are answered meanwhile, by the session that exported the snapshot
		err := r.ask(both, reader)
		if err != nil && reader.IsClosed() {
			stop(err)
		}
		asked <- err
	}()
	toc, err := child.TOC(both)
	if err != nil {
		stop(err)
		<-asked //nolint:errcheck // what pg_dump said comes first
		return nil, err
	}
	if err := <-asked; err != nil {
		if err := r.askAgain(ctx, reader, err); err != nil {
			return nil, err
		}
	}
	for _, line := range child.Warnings() {
		r.warn("pg_dump", line)
	}
	if r.splits, err = r.split(ctx, reader, r.survey.source); err != nil {
		return nil, err
	}
	return toc, nil
}

// ask reads what the catalogs say of the tables, and no table.
func (r *run) ask(ctx context.Context, reader *pgconn.PgConn) (err error) {
	if r.survey.source, err = catalog.ReadSource(ctx, reader); err != nil {
		return err
	}
	r.formats, err = r.readFormats(ctx, reader)
	return err
}

// askAgain asks what failed with err without pg_dump's locks under their protection: a table may have been locked, or dropped.
func (r *run) askAgain(ctx context.Context, reader *pgconn.PgConn, err error) error {
	if reader.IsClosed() || ctx.Err() != nil {
		return err
	}
	if err := exec(ctx, reader, "ROLLBACK TO SAVEPOINT questions"); err != nil {
		return err
	}
	return r.ask(ctx, reader)
}
