package script_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// eachMajor runs a test with the programs of each major version that has archives of another form.
func eachMajor(t *testing.T, test func(t *testing.T, p cluster.Programs)) {
	for _, major := range []int{15, 17, 18} {
		t.Run(fmt.Sprint("PostgreSQL", major), func(t *testing.T) {
			t.Parallel()
			test(t, pgtest.ProgramsOf(t, major, cluster.Complete))
		})
	}
}

// run returns what a program writes to stdout.
func run(tb testing.TB, p cluster.Programs, name string, args ...string) string {
	tb.Helper()
	path, err := p.Path(name)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%s %q: %v\n%s", path, args, err, &errs)
	}
	return out.String()
}
