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

// checkTarget refuses what can only be seen once the plan is made.
func (r *run) checkTarget(ctx context.Context) error {
	conn, err := catalog.OpenSession(ctx, r.dst, catalog.SessionOptions{
		Role: catalog.Writer, Encoding: r.srcFacts.Encoding, Application: "pgsluice preflight",
	})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer catalog.Close(ctx, conn)
	if r.OnError == Stop {
		if err := r.checkNames(ctx, conn); err != nil {
			return err
		}
	}
	if r.DataOnly {
		return r.checkTables(ctx, conn)
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
		return fmt.Errorf("target: owners and privileges name roles that it does not have: %s; create them (pg_dumpall --roles-only), or use --no-owner --no-acl",
			strings.Join(missing, ", "))
	case r.NoTablespaces || r.DataOnly:
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
