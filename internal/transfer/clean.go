package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pgsluice/internal/catalog"
)

// clean drops every user object of the target that no extension owns, in one transaction: if one can't be dropped,
// or an extension would go with it, all of them stay. What is no user object is not set back: the privileges of schema
// public and of system objects, the settings of the database.
func (r *run) clean(ctx context.Context, w *writer) error {
	step := fmt.Sprintf("dropping what is in database %q of the target", r.dstFacts.Database)
	r.Progress.Step(step)
	defer r.tellBlockers(ctx, r.dst, w.conn.PID(), step)()
	// names that the source's encoding does not know must be named, too
	err := exec(ctx, w.conn, fmt.Sprintf("BEGIN; SET LOCAL client_encoding = 'UTF8'; SET LOCAL lock_timeout = %d", r.LockTimeout.Milliseconds()))
	if err == nil {
		err = dropAll(ctx, w)
	}
	if err != nil {
		rollback(ctx, w.conn)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &Refused{Err: fmt.Errorf("--clean: %w; nothing was dropped", err)}
	}
	if err := exec(ctx, w.conn, "COMMIT"); err != nil {
		return fmt.Errorf("--clean: COMMIT: %w", err) // it may have been carried out
	}
	return nil
}

func dropAll(ctx context.Context, w *writer) error {
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
				switch code(err) {
				case outOfMemory:
					err = fmt.Errorf("%w; raise max_locks_per_transaction of the target, or create the database anew", err)
				case lockNotAvailable:
					err = fmt.Errorf("%w; another session has used it all the while", err)
				}
				return fmt.Errorf("%s %s: %w", o.Type, o.Identity, err)
			}
		}
	}
	if err := deleteConfiguration(ctx, w); err != nil {
		return err
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
	return nil
}

// deleteConfiguration deletes the user's rows of extensions' configuration tables: the source's would come twice. One
// statement, because foreign keys between these tables are checked at its end.
func deleteConfiguration(ctx context.Context, w *writer) error {
	deletes, err := catalog.ConfigurationRows(ctx, w.conn)
	if err != nil || len(deletes) == 0 {
		return err
	}
	for i, sql := range deletes {
		deletes[i] = fmt.Sprintf("d%d AS (%s)", i, sql)
	}
	if err := exec(ctx, w.conn, "WITH "+strings.Join(deletes, ", ")+" SELECT"); err != nil {
		return fmt.Errorf("rows of an extension's configuration tables: %w", err)
	}
	return nil
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
