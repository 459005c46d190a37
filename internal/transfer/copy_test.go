package transfer

import (
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// The regression database of PostgreSQL 15 arrives equal: schema, rows, sequences, large objects, database settings.
func TestCopyRegression(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	dst := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Restore(t, src, "testdata/regression15.dump")
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4})
	pgtest.DBDiff(t, src, dst, "-S")
}

// copyOK copies and demands that nothing failed.
func copyOK(t *testing.T, opt Options) *Result {
	t.Helper()
	if opt.Progress == nil {
		opt.Progress = progress.New()
	}
	result, err := Copy(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range opt.Progress.Snapshot().Failures {
		t.Errorf("%s %s: %s", f.Task.Kind, f.Task.Name, f.Error)
	}
	if result.Failed > 0 {
		t.Errorf("%d objects failed", result.Failed)
	}
	return result
}
