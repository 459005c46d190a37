package pgtest_test

import (
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

func TestServerOf(t *testing.T) {
	t.Parallel()
	newest := pgtest.Programs(t)
	c := pgtest.ServerOf(t, newest.Version)
	if c.Programs().Version != newest.Version || c != pgtest.ServerOf(t, newest.Version) {
		t.Errorf("a server of %s, and not always the same", c.Programs().Full)
	}
	if kind := pgtest.ProgramsOf(t, newest.Version, cluster.ServerOnly).Kind(); kind != newest.Kind() {
		t.Errorf("a build that is %s where another is %s", kind, newest.Kind())
	}
	var skipped bool
	t.Run("none", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		pgtest.ServerOf(t, 9)
	})
	if !skipped {
		t.Error("a test went on without the server that it asked for")
	}
}
