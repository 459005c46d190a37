package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
)

// checkPlan refuses what can only be seen once the plan is made.
func (r *run) checkPlan(ctx context.Context) error {
	if err := r.judgePlan(ctx); err != nil {
		return err
	}
	return r.tell()
}

// judgePlan finds out what speaks against the plan on the target.
func (r *run) judgePlan(ctx context.Context) error {
	conn, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice preflight",
	})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer catalog.Close(ctx, conn)
	choices, around := r.preflightChoices(), r.survey.aroundTarget
	if r.survey.source != nil && r.survey.aroundSource != nil && !r.SchemaOnly {
		r.survey.add(preflight.Room(r.plan, r.survey.source, r.survey.aroundSource, around)...)
	}
	named, err := r.namedThere(ctx, conn)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	r.survey.add(preflight.Names(choices, r.dstFacts.User, named)...)
	if r.DataOnly || r.existing {
		if err := r.checkTables(ctx, conn); err != nil || r.DataOnly {
			return err
		}
	}
	if r.selective && !r.existing && r.Resume == NoResume {
		if err := r.checkAbsent(ctx, conn); err != nil {
			return err
		}
	}
	r.survey.add(preflight.Public(choices, r.plan, r.dstFacts.User, r.dstFacts.Database, around)...)
	r.survey.add(preflight.Superusers(choices, r.plan, r.survey.untrusted, r.dstFacts, around)...)
	r.survey.add(preflight.Replication(r.plan, around)...)
	return nil
}

// namedThere looks roles and tablespaces of the plan up.
func (r *run) namedThere(ctx context.Context, conn *pgconn.PgConn) (n preflight.Named, err error) {
	if n.MissingRoles, err = catalog.MissingRoles(ctx, conn, r.plan.Roles()); err != nil {
		return n, err
	}
	if !r.dstFacts.Superuser {
		owners := slices.DeleteFunc(r.plan.Owners(), func(name string) bool { return slices.Contains(n.MissingRoles, name) })
		if n.Strangers, err = catalog.NotMember(ctx, conn, owners, r.dstFacts.Version); err != nil {
			return n, err
		}
	}
	if r.NoTablespaces || r.DataOnly {
		return n, nil
	}
	var tablespaces []string
	for _, t := range r.plan.Tasks {
		if name := t.Entry.Tablespace; name != "" && !slices.Contains(tablespaces, name) {
			tablespaces = append(tablespaces, name)
		}
	}
	n.MissingTablespaces, err = catalog.MissingTablespaces(ctx, conn, tablespaces)
	return n, err
}

// checkTables refuses tables that --data-only can't load, and says whether that takes session_replication_role.
func (r *run) checkTables(ctx context.Context, conn *pgconn.PgConn) error {
	var names []string
	for _, t := range r.plan.Tasks {
		if t.Kind != plan.Rows {
			continue
		}
		names = append(names, t.Name)
		// rows that go in through the root of a partition tree fire its triggers
		if into, _, err := archive.ParseCopyStmt(t.Entry.CopyStmt); err == nil && !slices.Contains(names, into) {
			names = append(names, into)
		}
	}
	state, err := catalog.ReadTables(ctx, conn, names)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	add := func(do, what string, args ...any) {
		r.survey.add(preflight.Finding{Side: preflight.Target, What: fmt.Sprintf(what, args...), Do: do})
	}
	switch {
	case state.Missing != "":
		add("copy the schema first (--schema-only)", "table %s does not exist, and --data-only creates none", state.Missing)
	case state.View != "":
		add("copy into the table behind it", "%s is a view, and --data-only fills tables", state.View)
	case state.NotEmpty != "" && r.Resume == NoResume && !r.Restart:
		add("TRUNCATE it if its rows may go", "table %s is not empty: --data-only only fills empty tables", state.NotEmpty)
	}
	switch {
	case state.Guarded != "" && !r.dstFacts.MayReplicaRole:
		add("GRANT SET ON PARAMETER session_replication_role (from version 15 on), or copy as a superuser",
			"table %s has foreign keys or triggers, and user %q may not set session_replication_role to load it without them", state.Guarded, r.dstFacts.User)
	case state.Guarded != "" && state.Replica != "":
		add("disable it for the transfer",
			"table %s has a trigger that fires also under session_replication_role = replica (ENABLE ALWAYS or ENABLE REPLICA)", state.Replica)
	}
	r.replicaRole = state.Guarded != ""
	return r.readPersistence(ctx, conn)
}

// checkAbsent refuses to make relations that are there, and to make something in schemas that are not.
func (r *run) checkAbsent(ctx context.Context, conn *pgconn.PgConn) error {
	var names, schemas []string
	for _, t := range r.plan.Tasks {
		switch t.Entry.Desc {
		case "TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE":
			if t.Order == plan.Before {
				names, schemas = append(names, archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag)), append(schemas, t.Entry.Namespace)
			}
		}
	}
	there, err := catalog.Present(ctx, conn, names)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for _, name := range there {
		r.survey.add(preflight.Finding{Side: preflight.Target, What: fmt.Sprintf("relation %s is there already, and is to be made", name), Do: "drop it or rename it first, or load its rows alone with --data-only"})
	}
	slices.Sort(schemas)
	missing, err := catalog.MissingSchemas(ctx, conn, slices.Compact(schemas))
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for _, name := range missing {
		if !r.makesSchema(name) {
			r.survey.add(preflight.Finding{
				Side: preflight.Target, What: fmt.Sprintf("schema %s does not exist, and is not among what is selected: --schema and --table take what is in a schema, as with pg_restore", archive.FormatIdent(name)),
				Do: "CREATE SCHEMA " + archive.FormatIdent(name) + " first",
			})
		}
	}
	return nil
}

func (r *run) makesSchema(name string) bool {
	return slices.ContainsFunc(r.plan.Tasks, func(t *plan.Task) bool { return t.Entry.Desc == "SCHEMA" && t.Entry.Tag == name })
}

// readPersistence finds out which of the tables that are there a crash of the target would empty: the source's may be others.
func (r *run) readPersistence(ctx context.Context, conn *pgconn.PgConn) error {
	var tasks []*plan.Task
	var names []string
	for _, t := range r.plan.Tasks {
		if into, _, err := archive.ParseCopyStmt(t.Entry.CopyStmt); t.Kind == plan.Rows && err == nil {
			tasks, names = append(tasks, t), append(names, into)
		}
	}
	unlogged, err := catalog.Unlogged(ctx, conn, names)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for i, t := range tasks {
		t.Unlogged = unlogged[i]
	}
	return nil
}
