package transfer

import (
	"context"
	"fmt"
	"strings"

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
		missing, err := catalog.MissingRoles(ctx, conn, r.plan.Roles())
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		if len(missing) > 0 {
			return fmt.Errorf("target: owners and privileges name roles that it does not have: %s; create them (pg_dumpall --roles-only), or use --no-owner --no-acl",
				strings.Join(missing, ", "))
		}
	}
	if !r.DataOnly {
		return nil
	}
	var names []string
	for _, t := range r.plan.Tasks {
		if t.Kind == plan.Rows {
			names = append(names, t.Name)
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
	}
	r.replicaRole = state.Guarded != ""
	return nil
}
