package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pgsluice/internal/catalog"
)

// clean drops every user object of the target that no extension owns, in one transaction: if one can't be dropped,
// or an extension would go with it, all of them stay.
func (r *run) clean(ctx context.Context, w *writer) (err error) {
	r.Progress.Step(fmt.Sprintf("dropping what is in database %q of the target", r.dstFacts.Database))
	defer func() {
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			err = &Refused{Err: fmt.Errorf("--clean: %w; nothing was dropped", err)}
		}
		rollback(ctx, w.conn)
	}()
	if err := exec(ctx, w.conn, "BEGIN"); err != nil {
		return err
	}
	before, err := extensions(ctx, w)
	if err != nil {
		return err
	}
	objects, err := catalog.UserObjects(ctx, w.conn)
	if err != nil {
		return err
	}
	for _, o := range objects {
		for _, sql := range o.Drop {
			if err := exec(ctx, w.conn, sql); err != nil {
				if code(err) == outOfMemory {
					err = errors.Join(err, errors.New("raise max_locks_per_transaction of the target, or create the database anew"))
				}
				return fmt.Errorf("%s %s: %w", o.Type, o.Identity, err)
			}
		}
	}
	after, err := extensions(ctx, w)
	if err != nil {
		return err
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			return fmt.Errorf("extension %s depends on a user object and would be dropped too: drop it first, or create the database anew", name)
		}
	}
	return exec(ctx, w.conn, "COMMIT")
}

func extensions(ctx context.Context, w *writer) ([]string, error) {
	rows, err := catalog.Rows(ctx, w.conn, "SELECT extname FROM pg_catalog.pg_extension")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r[0]
	}
	return names, nil
}
