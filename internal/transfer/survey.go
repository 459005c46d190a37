package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/preflight"
)

// followRoutes finds out what stands between us and the servers. It comes first: through some poolers nothing else would mean
// anything, and a session's advisory lock would stay behind.
func (r *run) followRoutes(ctx context.Context, s *sides) error {
	route, err := catalog.FollowRoute(ctx, r.src, s.source)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	r.survey.add(preflight.Routes(preflight.Source, route)...)
	if s.target == nil {
		return nil
	}
	if route, err = catalog.FollowRoute(ctx, r.dst, s.target); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.survey.add(preflight.Routes(preflight.Target, route)...)
	return nil
}

// lookAtSource finds out what speaks against reading the source, or should be known of it.
func (r *run) lookAtSource(ctx context.Context, conn *pgconn.PgConn) error {
	unreadable, err := catalog.ReadUnreadable(ctx, conn)
	if err != nil {
		return err
	}
	if r.survey.aroundSource, err = catalog.ReadCircumstances(ctx, conn, r.dstFacts != nil); err != nil {
		return err
	}
	extensions, err := catalog.Extensions(ctx, conn)
	if err != nil {
		return err
	}
	choices := r.preflightChoices()
	r.survey.add(preflight.Special(extensions)...)
	if !r.selection.Narrows() { // else pg_dump alone knows what of it is read
		r.survey.add(preflight.Readable(choices, r.srcFacts.User, unreadable)...)
	}
	r.survey.add(preflight.Condition(choices, r.srcFacts, r.survey.aroundSource)...)
	return nil
}

// lookAtTarget finds out what speaks against writing the target, with a look at what the source asks of it.
func (r *run) lookAtTarget(ctx context.Context, src, dst *pgconn.PgConn) error {
	if r.dstFacts.InRecovery {
		return nil // it is not the server that will be written to
	}
	around, err := catalog.ReadCircumstances(ctx, dst, false)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.survey.aroundTarget = around
	r.survey.add(preflight.Writable(r.dstFacts.User, r.dstFacts.Database, around)...)
	r.survey.add(preflight.Trees(r.survey.aroundSource.LargestTree, r.dstFacts)...)
	if err := r.checkUserObjects(ctx, dst); err != nil {
		return err
	}
	if r.DataOnly {
		return nil
	}
	if err := r.compareLocales(ctx, src, dst); err != nil {
		return err
	}
	return r.compareExtensions(ctx, src, dst)
}

func (r *run) compareLocales(ctx context.Context, src, dst *pgconn.PgConn) error {
	from, err := catalog.ReadLocale(ctx, src, r.srcFacts.Version)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	to, err := catalog.ReadLocale(ctx, dst, r.dstFacts.Version)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	collations, err := catalog.Collations(ctx, src)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	lacking, err := catalog.LacksCollations(ctx, dst, collations)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.survey.add(preflight.Locales(from, to, r.survey.aroundSource.TextRanges)...)
	r.survey.add(preflight.Collations(r.preflightChoices(), collations, lacking)...)
	return nil
}

func (r *run) compareExtensions(ctx context.Context, src, dst *pgconn.PgConn) error {
	extensions, err := catalog.Extensions(ctx, src)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	names := make([]string, len(extensions))
	for i, e := range extensions {
		names[i] = e.Name
	}
	offers, err := catalog.Offers(ctx, dst, names)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if r.survey.untrusted, err = catalog.UntrustedLanguages(ctx, src); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	r.survey.add(preflight.Extensions(r.preflightChoices(), extensions, offers, r.dstFacts, r.survey.aroundTarget)...)
	return nil
}

// checkUserObjects refuses a target that is in use. With Clean and Restart they are dropped later, with DataOnly and Resume
// needed. What the ledger of another copy means is said when that is read.
func (r *run) checkUserObjects(ctx context.Context, dst *pgconn.PgConn) error {
	switch there, err := ledger.There(ctx, dst); {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case there && r.Resume == NoResume && !r.Restart && !r.Clean && r.survey.dry:
		r.survey.add(preflight.Finding{
			Side: preflight.Target, What: "it has the ledger of a copy that is not complete",
			Do: "pgsluice copy --resume goes on with it, --restart begins again, pgsluice status shows it",
		})
		return nil
	case !there && (r.Resume != NoResume || r.Restart):
		r.survey.add(preflight.Finding{
			Side: preflight.Target, What: fmt.Sprintf("there is nothing to resume or to restart: database %q has no schema %s, in which a copy that is not complete says what has arrived", r.dstFacts.Database, ledger.Schema),
			Do: "begin a copy without --resume and --restart",
		})
		return nil
	case r.DataOnly, r.existing, r.selective, there && !r.Restart && !r.Clean:
		return nil
	}
	objects, err := catalog.UserObjects(ctx, dst)
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case len(objects) == 0:
		return r.checkConfiguration(ctx, dst)
	case !r.Clean && !r.Restart:
		r.survey.add(preflight.Finding{
			Side: preflight.Target, What: fmt.Sprintf("database %q is not empty: it has %s", r.dstFacts.Database, catalog.Summary(objects)),
			Do: "give an empty database, or drop them all with --clean --confirm NAME",
		})
		return nil
	}
	for _, o := range objects {
		if len(o.Drop) == 0 {
			r.survey.add(preflight.Finding{Side: preflight.Target, What: fmt.Sprintf("--clean can't drop %s %s inside a transaction", o.Type, o.Identity), Do: "drop it first"})
		}
	}
	return nil
}

// checkConfiguration refuses rows of the user's own in an extension's configuration tables: the source's would come on top.
func (r *run) checkConfiguration(ctx context.Context, dst *pgconn.PgConn) error {
	if r.Clean || r.Restart {
		return nil
	}
	rows, err := catalog.ConfigurationRows(ctx, dst)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if len(rows) > 0 {
		r.survey.add(preflight.Finding{
			Side: preflight.Target,
			What: fmt.Sprintf("database %q is not empty: an extension's configuration table has rows (%s)", r.dstFacts.Database, strings.TrimPrefix(rows[0], "DELETE FROM ONLY ")),
			Do:   "give an empty database, or use --clean --confirm NAME",
		})
	}
	return nil
}
