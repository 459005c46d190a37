package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pgsluice/internal/daemon/config"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/transfer"
)

func invalid(field, format string, args ...any) error {
	return &work.Invalid{Field: field, Message: fmt.Sprintf(format, args...)}
}

// check refuses a transfer that is impossible, as far as that can be known without asking a database. A target is wiped only by who names it.
func (e *Engine) check(ctx context.Context, s work.Spec) error {
	if err := e.checkNames(ctx, e.Config(), s); err != nil {
		return err
	}
	if err := checkOptions(s); err != nil {
		return err
	}
	if s.Options.Clean && s.Confirm != s.Target {
		return invalid("spec.confirm", "clean removes what %s holds: confirm it with its name, %[1]s", s.Target)
	}
	return nil
}

func (e *Engine) checkNames(ctx context.Context, c *config.Config, s work.Spec) error {
	switch s.Kind {
	case work.Copy, work.Verify:
		if err := known(c, "spec.source", s.Source); err != nil {
			return err
		}
		if err := known(c, "spec.target", s.Target); err != nil {
			return err
		}
		if s.Source == s.Target {
			return invalid("spec.target", "source and target are both %s", s.Target)
		}
	case work.Dump:
		if err := known(c, "spec.source", s.Source); err != nil {
			return err
		}
		if c.Store(s.Target) == nil {
			return invalid("spec.target", "there is no store %q: %s", s.Target, list(c.Stores(), func(s *config.Store) string { return s.Name }))
		}
	case work.Restore:
		if s.Source != "" {
			return invalid("spec.source", "a restore has no source database: spec.dump names the dump")
		}
		if err := known(c, "spec.target", s.Target); err != nil {
			return err
		}
		if err := e.checkDump(ctx, c, s.Dump); err != nil {
			return err
		}
	default:
		return invalid("spec.kind", "%q must be copy, dump, restore or verify", string(s.Kind))
	}
	if s.Dump != "" && s.Kind != work.Restore {
		return invalid("spec.dump", "only a restore has a dump")
	}
	if writes := s.Kind == work.Copy || s.Kind == work.Restore; writes && c.Database(s.Target).NeverTarget {
		return invalid("spec.target", "%s is never a target: the daemon's configuration says so", s.Target)
	}
	return nil
}

func known(c *config.Config, field, name string) error {
	if c.Database(name) != nil {
		return nil
	}
	return invalid(field, "there is no database %q: %s", name, list(c.Databases(), func(db *config.Database) string { return db.Name }))
}

// list names what there is.
func list[T any](all []T, name func(T) string) string {
	if len(all) == 0 {
		return "there is none"
	}
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = name(one)
	}
	return "there are " + strings.Join(names, ", ")
}

// checkDump refuses a dump that can't be restored.
func (e *Engine) checkDump(ctx context.Context, c *config.Config, id string) error {
	t, err := e.Queue.Get(ctx, id)
	switch {
	case errors.Is(err, work.ErrNotFound):
		return invalid("spec.dump", "there is no transfer %q", id)
	case err != nil:
		return err
	case t.Spec.Kind != work.Dump:
		return invalid("spec.dump", "%s is no dump, it is a %s", id, t.Spec.Kind)
	case t.State != work.Completed:
		return invalid("spec.dump", "the dump %s is %s", id, t.State)
	case t.Expired:
		return invalid("spec.dump", "the dump %s has been removed, as its schedule's retention says", id)
	case c.Store(t.Spec.Target) == nil:
		return invalid("spec.dump", "the dump %s is in the store %s, which this daemon's configuration does not have any more", id, t.Spec.Target)
	}
	return nil
}

// checkOptions refuses options that don't go with the kind, or with each other.
func checkOptions(s work.Spec) error {
	o := s.Options
	into, of := s.Kind == work.Copy || s.Kind == work.Restore, s.Kind == work.Dump || s.Kind == work.Restore
	for _, rule := range []struct {
		wrong bool
		field string
		text  string
	}{
		{o.Jobs < 0 || o.Jobs > transfer.MostStreams, "jobs", fmt.Sprintf("must be 0, which finds it out, to %d", transfer.MostStreams)},
		{o.IndexJobs < 0 || o.IndexJobs > transfer.MostStreams, "index_jobs", fmt.Sprintf("must be 0, which is as many as jobs, to %d", transfer.MostStreams)},
		{o.RateLimit < 0, "rate_limit", "must be 0, which is none, or bytes per second"},
		{o.SchemaOnly && o.DataOnly, "data_only", "excludes schema_only"},
		{o.Clean && o.DataOnly, "clean", "drops the tables that data_only needs"},
		{o.Clean && !into, "clean", "goes with a copy or a restore"},
		{o.IndexJobs > 0 && !into, "index_jobs", "goes with a copy or a restore"},
		{o.Continue && !into, "continue", "goes with a copy or a restore"},
		{o.Verify && s.Kind != work.Copy, "verify", "goes with a copy; to compare two databases is a transfer of kind verify"},
		{len(o.Tables) > 0 && !of, "tables", "goes with a dump or a restore"},
		{len(o.Schemas) > 0 && !of, "schemas", "goes with a dump or a restore"},
		{slices.Contains(o.Tables, ""), "tables", "has an empty name"},
		{slices.Contains(o.Schemas, ""), "schemas", "has an empty name"},
		{o.Compress != "" && s.Kind != work.Dump, "compress", "goes with a dump"},
		{o.RateLimit > 0 && s.Kind == work.Verify, "rate_limit", "a verification has none"},
	} {
		if rule.wrong {
			return invalid("spec.options."+rule.field, "%s %s", rule.field, rule.text)
		}
	}
	if o.Compress != "" {
		if _, err := transfer.ParseCompression(o.Compress); err != nil {
			return invalid("spec.options.compress", "%v", err)
		}
	}
	return nil
}
