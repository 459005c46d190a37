package transfer

import (
	"context"
	"fmt"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// disarm disables, within the transaction of a part, the triggers of a table whose rows are loaded once more: a crash has
// emptied it, unlogged as it is, when all that comes behind the rows was there.
func (r *run) disarm(ctx context.Context, w *writer, t *plan.Task) error {
	w.armed = nil
	if !t.Unlogged || r.replicaRole || r.crashes == 0 && r.former == nil {
		return nil
	}
	into, _, err := archive.ParseCopyStmt(t.Entry.CopyStmt)
	if err != nil {
		return err
	}
	rows, err := catalog.Rows(ctx, w.conn, `
SELECT pg_catalog.quote_ident(tgname), CASE tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END
  FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass($1) AND NOT tgisinternal AND tgenabled <> 'D'`, into)
	if err != nil {
		return fmt.Errorf("copy-in: %w", err)
	}
	if r.dstFacts.MayReplicaRole { // foreign keys' own triggers: what they look for may be waiting to be loaded, too
		if err := exec(ctx, w.conn, "SET LOCAL session_replication_role = replica"); err != nil {
			return fmt.Errorf("copy-in: %w", err)
		}
	}
	for _, row := range rows {
		if err := exec(ctx, w.conn, "ALTER TABLE "+into+" DISABLE TRIGGER "+row[0]); err != nil {
			return fmt.Errorf("copy-in: %w", err)
		}
		w.armed = append(w.armed, "ALTER TABLE "+into+" ENABLE "+row[1]+"TRIGGER "+row[0])
	}
	return nil
}

// rearm undoes what disarm did.
func (r *run) rearm(ctx context.Context, w *writer) error {
	for _, sql := range w.armed {
		if err := exec(ctx, w.conn, sql); err != nil {
			return fmt.Errorf("copy-in: %w", err)
		}
	}
	return nil
}
