package transfer

import (
	"context"
	"fmt"
	"slices"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ledger"
	"pgsluice/internal/plan"
)

// torn finds the split tables that would be put together from parts of different snapshots. That a table is of another moment
// than the next one may be accepted; but a row that was updated in between has moved to another block, and its part would have
// it twice or not at all. sameAs gives the least snapshot that sees the same as the given one.
func (r *run) torn(now int, sameAs func(int) int) []*plan.Task {
	read := map[uint32][]int{} // the snapshots of a table's parts
	for _, t := range r.plan.Tasks {
		if t.Parts == 0 {
			continue
		}
		number := now
		if d, ok := r.former.Done[t.Key]; ok {
			number = d.Snapshot
		}
		if number = sameAs(number); !slices.Contains(read[t.Relation], number) {
			read[t.Relation] = append(read[t.Relation], number)
		}
	}
	var torn []*plan.Task
	for _, t := range r.plan.Tasks {
		if t.Parts > 0 && len(read[t.Relation]) > 1 {
			torn = append(torn, t)
		}
	}
	return torn
}

// forget takes parts for not done, so that their tables are read again, whole, under this run's snapshot.
func (r *run) forget(parts []*plan.Task) {
	r.forgotten = nil
	for _, t := range parts {
		if _, done := r.former.Done[t.Key]; done {
			delete(r.former.Done, t.Key)
			r.forgotten = append(r.forgotten, t)
		}
	}
}

// mend empties the tables whose parts were forgotten, and has the ledger forget them too, all or nothing.
func (r *run) mend(ctx context.Context) error {
	if len(r.forgotten) == 0 {
		return nil
	}
	return r.retrying(ctx, "emptying tables that were copied in part", func() error {
		s := &streams{run: r, worker: "schema", work: "schema"}
		defer s.close(ctx)
		if err := s.open(ctx, false); err != nil {
			return err
		}
		if err := r.emptyForgotten(ctx, s.writer); err != nil {
			rollback(ctx, s.writer.conn)
			return fmt.Errorf("--resume=mixed: %w", err)
		}
		return nil
	})
}

func (r *run) emptyForgotten(ctx context.Context, w *writer) error {
	if err := ledger.Forget(ctx, w.conn, r.fence, keysOf(r.forgotten)); err != nil {
		return err
	}
	var names []string
	for _, t := range r.forgotten {
		name := archive.QualifiedName(t.Entry.Namespace, t.Entry.Tag)
		if slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		sql := "TRUNCATE ONLY " + name
		if r.DataOnly { // foreign keys may refer to it, which TRUNCATE refuses whether they are checked or not
			sql = "DELETE FROM ONLY " + name
		}
		if err := exec(ctx, w.conn, sql); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		r.warn("table "+t.Name, "had arrived in part, as of another moment: it is emptied and copied again")
	}
	if err := exec(ctx, w.conn, "COMMIT"); err != nil {
		return err
	}
	r.forgotten = nil
	return nil
}

func keysOf(tasks []*plan.Task) string {
	keys := make([]string, len(tasks))
	for i, t := range tasks {
		keys[i] = t.Key
	}
	return catalog.TextArray(keys)
}
