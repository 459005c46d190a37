package transfer

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// truncate removes what a --data-only copy had begun to load, and its ledger with it, all or nothing: the rows of the tables, of
// extensions' configuration tables only the user's own, and the large objects that the ledger has.
func (r *run) truncate(ctx context.Context, w *writer) error {
	err := exec(ctx, w.conn, "BEGIN")
	if err == nil {
		err = r.removeRows(ctx, w)
	}
	if err == nil {
		err = r.unlink(ctx, w)
	}
	if err == nil {
		err = exec(ctx, w.conn, ledger.Empty)
	}
	if err != nil {
		rollback(ctx, w.conn)
		return &Refused{Err: fmt.Errorf("--restart: %w; nothing was removed", err)}
	}
	if err := exec(ctx, w.conn, "COMMIT"); err != nil {
		return fmt.Errorf("--restart: COMMIT: %w", err) // it may have been carried out
	}
	return nil
}

func (r *run) removeRows(ctx context.Context, w *writer) error {
	var names []string
	for _, t := range r.plan.Tasks {
		if t.Kind != plan.Rows {
			continue
		}
		if relation := r.survey.source.Relations[t.Relation]; relation == nil || relation.Filter == "" {
			names = append(names, archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag))
		}
	}
	if len(names) > 0 {
		if err := exec(ctx, w.conn, "TRUNCATE ONLY "+strings.Join(names, ", ONLY ")); err != nil {
			return err
		}
	}
	return deleteConfiguration(ctx, w)
}

var created = regexp.MustCompile(`lo_create\('?(\d+)'?\)`)

// unlink removes the large objects that earlier runs have made.
func (r *run) unlink(ctx context.Context, w *writer) error {
	var oids []string
	for _, t := range r.plan.Tasks {
		if _, done := r.former.Done[t.Key]; !done || !strings.HasPrefix(t.Desc, "BLOB") {
			continue
		}
		for _, sql := range t.Statements {
			for _, m := range created.FindAllStringSubmatch(sql, -1) {
				oids = append(oids, m[1])
			}
		}
	}
	for part := range slices.Chunk(oids, 1000) {
		_, err := catalog.Rows(ctx, w.conn, "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = ANY ($1::oid[])", "{"+strings.Join(part, ",")+"}")
		if err != nil {
			return fmt.Errorf("large objects: %w", err)
		}
	}
	return nil
}
