package engine

import (
	"errors"
	"strings"
	"testing"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

func isInvalid(err error) bool {
	var invalid *work.Invalid
	return errors.As(err, &invalid)
}

func isNotFound(err error) bool { return errors.Is(err, work.ErrNotFound) }

// What can't be is refused by name, and says by which field.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.engine("idle")
	for _, test := range []struct {
		field, says string
		spec        work.Spec
	}{
		{"spec.kind", "must be copy, dump", work.Spec{Kind: "move", Source: "prod", Target: "staging"}},
		{"spec.source", "there are prod, sacred, staging", work.Spec{Kind: work.Copy, Source: "postgres://u:p@h/d", Target: "staging"}},
		{"spec.target", `no database ""`, work.Spec{Kind: work.Copy, Source: "prod"}},
		{"spec.target", "both prod", work.Spec{Kind: work.Copy, Source: "prod", Target: "prod"}},
		{"spec.target", "never a target", work.Spec{Kind: work.Copy, Source: "prod", Target: "sacred"}},
		{"spec.target", "there are local", work.Spec{Kind: work.Dump, Source: "prod", Target: "staging"}},
		{"spec.dump", "no transfer", work.Spec{Kind: work.Restore, Target: "staging", Dump: "b007"}},
		{"spec.dump", "only a restore", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Dump: "b007"}},
		{"spec.source", "no source", work.Spec{Kind: work.Restore, Source: "prod", Target: "staging", Dump: "b007"}},
		{"spec.confirm", "staging", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Options: work.Options{Clean: true}}},
		{"spec.confirm", "staging", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Confirm: "Staging", Options: work.Options{Clean: true}}},
		{"spec.options.jobs", "to 64", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Options: work.Options{Jobs: 65}}},
		{"spec.options.rate_limit", "bytes per second", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Options: work.Options{RateLimit: -1}}},
		{"spec.options.data_only", "excludes", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Options: work.Options{SchemaOnly: true, DataOnly: true}}},
		{"spec.options.clean", "goes with a copy", work.Spec{Kind: work.Dump, Source: "prod", Target: "local", Options: work.Options{Clean: true}}},
		{"spec.options.tables", "goes with a dump", work.Spec{Kind: work.Copy, Source: "prod", Target: "staging", Options: work.Options{Tables: []string{"a"}}}},
		{"spec.options.compress", "zstd", work.Spec{Kind: work.Dump, Source: "prod", Target: "local", Options: work.Options{Compress: "rar"}}},
	} {
		_, err := e.Create(t.Context(), test.spec, "tester")
		var invalid *work.Invalid
		if !errors.As(err, &invalid) || invalid.Field != test.field || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want %s: %s", test.spec, err, test.field, test.says)
		}
	}
	if all, err := e.Transfers(t.Context(), work.Filter{}); err != nil || len(all) > 0 {
		t.Errorf("made all the same: %v, %v", all, err)
	}
}

// A copy that fails ends Failed with its cause, without a word of where the servers are.
func TestFailing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, "CREATE TABLE a AS SELECT 1 AS id")
	pgtest.Exec(t, w.dst, "CREATE TABLE mine AS SELECT 1 AS id")
	e, _ := w.start("one")
	id := w.create(e, copyProd).ID
	got := w.untilState(id, work.Failed)
	if !strings.Contains(got.Error, "mine") || got.Warnings != 0 {
		t.Errorf("%+v", got)
	}
	w.file("staging", "postgres://someone:Geheim%21wort@127.0.0.1:1/nowhere")
	if err := w.config.Reload(); err != nil {
		t.Fatal(err)
	}
	got = w.untilState(w.create(e, copyProd).ID, work.Failed)
	for _, secret := range append(w.secrets(), "Geheim", "127.0.0.1") {
		if strings.Contains(got.Error, secret) {
			t.Errorf("%q got out: %s", secret, got.Error)
		}
	}
	if !strings.Contains(got.Error, "connect") {
		t.Errorf("the cause is %s", got.Error)
	}
	if n := pgtest.Scalar[int](t, w.dst, "SELECT id FROM mine"); n != 1 {
		t.Error("what was there is gone")
	}
}

// Who confirms by the name of the configuration wipes the target.
func TestConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, "CREATE TABLE a AS SELECT 1 AS id")
	pgtest.Exec(t, w.dst, "CREATE TABLE mine AS SELECT 1 AS id")
	e, _ := w.start("one")
	spec := copyProd
	spec.Options.Clean = true
	preview, err := e.Plan(t.Context(), spec)
	if err != nil || !preview.Removes || preview.Refused || preview.Tables != 1 || preview.Seconds == 0 {
		t.Errorf("plan: %+v, %v", preview, err)
	}
	spec.Options.Clean = false
	if preview, err = e.Plan(t.Context(), spec); err != nil || preview.Removes || !preview.Refused || preview.Findings[0].Severity != "error" {
		t.Errorf("plan without clean: %+v, %v", preview, err)
	}
	spec.Options.Clean, spec.Confirm = true, "staging"
	w.untilState(w.create(e, spec).ID, work.Completed)
	pgtest.DBDiff(t, w.src, w.dst)
}
