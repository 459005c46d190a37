package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// checkPlan refuses what can only be seen once the plan is made.
func (r *run) checkPlan(ctx context.Context) error {
	conn, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice preflight",
	})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer catalog.Close(ctx, conn)
	if r.OnError == Stop {
		if err := r.checkPolicies(ctx); err != nil {
			return err
		}
		if err := r.checkNames(ctx, conn); err != nil {
			return err
		}
	}
	if r.DataOnly {
		return r.checkTables(ctx, conn)
	}
	return r.checkSchemas(ctx, conn)
}

// checkSchemas refuses a target in which the source's schemas can't be.
func (r *run) checkSchemas(ctx context.Context, conn *pgconn.PgConn) error {
	row, err := catalog.Row(ctx, conn, `
SELECT pg_catalog.to_regnamespace('public') IS NOT NULL, pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')`)
	if err != nil {
		return fmt.Errorf("target: schemas: %w", err)
	}
	hasPublic, mayCreate := row[0] == "t", row[1] == "t"
	makesPublic, usesPublic, makesSchemas := false, false, false
	for _, t := range r.plan.Tasks {
		creates := t.Entry.Desc == "SCHEMA" && !strings.HasPrefix(t.Entry.Defn, "--")
		makesSchemas = makesSchemas || creates
		makesPublic = makesPublic || creates && t.Entry.Tag == "public"
		usesPublic = usesPublic || t.Entry.Namespace == "public"
	}
	switch {
	case usesPublic && !hasPublic && !makesPublic:
		return fmt.Errorf("target: database %q has no schema public, which the source's objects are in: CREATE SCHEMA public first", r.dstFacts.Database)
	case makesSchemas && !mayCreate && r.OnError == Stop:
		return fmt.Errorf("target: user %q may not create schemas in database %q: GRANT CREATE ON DATABASE, or own it", r.dstFacts.User, r.dstFacts.Database)
	}
	return nil
}

// checkPolicies refuses tables that can't be read as a whole: their COPY would be an error in the middle of the transfer.
func (r *run) checkPolicies(ctx context.Context) error {
	bound, err := catalog.RowSecurity(ctx, r.snapshot.holders[0], r.plan.Relations())
	switch {
	case err != nil:
		return fmt.Errorf("source: %w", err)
	case len(bound) > 0:
		return fmt.Errorf("source: row-level security binds user %q on table %s, rows would be missing; read as a role with BYPASSRLS, or ALTER TABLE … NO FORCE ROW LEVEL SECURITY",
			r.srcFacts.User, strings.Join(bound, ", "))
	}
	return nil
}

// checkNames refuses what names roles or tablespaces that the target's server does not have.
func (r *run) checkNames(ctx context.Context, conn *pgconn.PgConn) error {
	missing, err := catalog.MissingRoles(ctx, conn, r.plan.Roles())
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case len(missing) > 0:
		return fmt.Errorf("target: owners, privileges, policies or user mappings name roles that it does not have: %s; create them (pg_dumpall --roles-only); --no-owner --no-acl do without those of owners and privileges",
			strings.Join(missing, ", "))
	}
	if !r.dstFacts.Superuser {
		strangers, err := catalog.NotMember(ctx, conn, r.plan.Owners(), r.dstFacts.Version)
		switch {
		case err != nil:
			return fmt.Errorf("target: %w", err)
		case len(strangers) > 0:
			return fmt.Errorf("target: user %q may not make objects belong to %s: grant it membership in these roles, or use --no-owner",
				r.dstFacts.User, strings.Join(strangers, ", "))
		}
	}
	if r.NoTablespaces || r.DataOnly {
		return nil
	}
	var tablespaces []string
	for _, t := range r.plan.Tasks {
		if name := t.Entry.Tablespace; name != "" && !slices.Contains(tablespaces, name) {
			tablespaces = append(tablespaces, name)
		}
	}
	missing, err = catalog.MissingTablespaces(ctx, conn, tablespaces)
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case len(missing) > 0:
		return fmt.Errorf("target: it does not have the tablespaces %s; create them, or use --no-tablespaces", strings.Join(missing, ", "))
	}
	return nil
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
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case state.Missing != "":
		return fmt.Errorf("target: table %s does not exist, and --data-only creates none", state.Missing)
	case state.NotEmpty != "":
		return fmt.Errorf("target: table %s is not empty: --data-only only fills empty tables", state.NotEmpty)
	case state.Guarded != "" && !r.dstFacts.MayReplicaRole:
		return fmt.Errorf("target: table %s has foreign keys or triggers, and user %q may not set session_replication_role to load it without them",
			state.Guarded, r.dstFacts.User)
	case state.Guarded != "" && state.Replica != "":
		return fmt.Errorf("target: table %s has a trigger that fires also under session_replication_role = replica (ENABLE ALWAYS or ENABLE REPLICA): disable it for the transfer",
			state.Replica)
	}
	r.replicaRole = state.Guarded != ""
	return nil
}
