package transfer

import (
	"context"
	"fmt"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// violates reports whether err says that rows violate the foreign key that a task adds or checks.
func violates(t *plan.Task, err error) bool {
	return (t.Desc == plan.Validate || t.Desc == "FK CONSTRAINT") && code(err) == foreignKeyViolation
}

// violated says of a foreign key that rows of the source violate how many these are, and how to find them. A key that was
// added before it was checked stays as it is, NOT VALID: it holds for new rows. One that was checked when it was added
// is absent.
func (r *run) violated(ctx context.Context, w *writer, t *plan.Task, err error) error {
	rows, state, toSee := "some rows violate it", "left NOT VALID", ""
	if t.Desc != plan.Validate {
		state = "absent"
	}
	if t.Orphans != "" { // for temporal keys there is no such query
		toSee = ". To see them: " + t.Orphans
		if row, countErr := catalog.Row(ctx, w.conn, "SELECT pg_catalog.count(*) FROM ("+t.Orphans+") AS orphans"); countErr == nil {
			rows = row[0] + " rows violate it"
			if row[0] == "1" {
				rows = "1 row violates it"
			}
		}
	}
	return fmt.Errorf("%s; the key is %s%s; the server says: %w", rows, state, toSee, err)
}
