package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
)

// preflightWith logs in to the target, reads the table of contents, and refuses what can't work: all errors at once, those of the plan too.
func (a *archived) preflightWith(ctx context.Context, read func() error) error {
	r := a.run
	r.survey = survey{told: r.survey.told}
	conn, err := a.logIntoTarget(ctx)
	if conn != nil {
		defer catalog.Close(ctx, conn)
	}
	if err == nil && conn != nil && preflight.Stopping(r.survey.findings) == nil {
		if err = read(); err != nil {
			err = fmt.Errorf("%s: %w", archiveName(a.opt.Path), err)
		} else {
			err = a.look(ctx, conn)
		}
	}
	if err != nil {
		return err
	}
	return r.tell()
}

// logIntoTarget opens a session. Who can't be reached is a finding.
func (a *archived) logIntoTarget(ctx context.Context) (conn *pgconn.PgConn, err error) {
	if a.dst, err = catalog.ParseAddress(a.Target); err == nil {
		conn, err = a.dst.Connect(ctx, "pgsluice preflight", nil)
	}
	switch {
	case ctx.Err() != nil:
		return conn, context.Cause(ctx)
	case err != nil:
		a.survey.add(preflight.NotReached(preflight.Target, err))
		return nil, nil
	}
	a.dst.Pin(conn)
	if a.dstFacts, err = catalog.ReadFacts(ctx, conn); err != nil {
		return conn, fmt.Errorf("target: %w", err)
	}
	a.result.Target = endpoint(a.dst, a.dstFacts)
	route, err := catalog.FollowRoute(ctx, a.dst, conn)
	if err != nil {
		return conn, fmt.Errorf("target: %w", err)
	}
	a.survey.add(preflight.Routes(preflight.Target, route)...)
	return conn, nil
}

// look finds out what speaks against writing the target.
func (a *archived) look(ctx context.Context, conn *pgconn.PgConn) (err error) {
	r := a.run
	pair := preflight.Pair{Choices: r.preflightChoices(), Source: r.srcFacts, Target: r.dstFacts, TargetConnections: 2 + writersBeside, TargetName: r.dst.String()}
	r.survey.add(pair.Archive()...)
	if r.dstFacts.InRecovery {
		return nil
	}
	if r.survey.aroundTarget, err = catalog.ReadCircumstances(ctx, conn, false); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.survey.add(preflight.Writable(r.dstFacts.User, r.dstFacts.Database, r.survey.aroundTarget)...)
	if err := r.checkUserObjects(ctx, conn); err != nil {
		return err
	}
	if !r.existing {
		if err := a.lookForExtensions(ctx, conn); err != nil {
			return err
		}
	}
	if preflight.Stopping(r.survey.findings) == nil {
		r.fitJobs()
		return nil
	}
	choices := r.choices()
	choices.Keyless = true // it is only made to find what else stands in the way
	if r.plan, err = plan.Build(a.toc, a.source, choices); err != nil {
		return err
	}
	return r.judgePlan(ctx)
}

// lookForExtensions compares the archive's extensions, of which it does not say the versions, with what the target offers.
func (a *archived) lookForExtensions(ctx context.Context, conn *pgconn.PgConn) error {
	var names []string
	for i := range a.toc.Entries {
		if e := &a.toc.Entries[i]; e.Desc == "EXTENSION" && a.selected(e) {
			names = append(names, e.Tag)
		}
	}
	offers, err := catalog.Offers(ctx, conn, names)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	extensions := make([]catalog.Extension, len(names))
	for i, name := range names {
		extensions[i] = catalog.Extension{Name: name, Schema: offers[name].Schema}
		if strings.HasPrefix(name, "pl") && strings.HasSuffix(name, "u") { // plpython3u, plperlu
			a.survey.untrusted = append(a.survey.untrusted, name)
		}
	}
	a.survey.add(preflight.Extensions(a.preflightChoices(), extensions, offers, a.dstFacts, a.survey.aroundTarget)...)
	return nil
}

// selected reports whether an entry is among those that are restored.
func (a *archived) selected(e *archive.Entry) bool { return a.run.wanted[e.DumpID] }
