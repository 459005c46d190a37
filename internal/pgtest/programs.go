package pgtest

import (
	_ "embed"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgsluice/internal/cluster"
)

// Restore runs pg_restore on a dump file into the database, and fails the test
// if it reports any error. flags are its further arguments, such as "--no-owner".
func Restore(t testing.TB, url, dumpFile string, flags ...string) {
	t.Helper()
	args := append([]string{"--dbname=" + url}, flags...)
	out, err := exec.CommandContext(t.Context(), client(t, "pg_restore"), append(args, dumpFile)...).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_restore %s: %v\n%s", dumpFile, err, out)
	}
}

//go:embed dbdiff.sh
var dbdiff []byte

// DBDiff compares two databases, schema and data, with the judge dbdiff.sh, which
// knows nothing of this project's code. A difference is an error of the test,
// with the differences; whatever keeps the judge from judging ends the test.
// flags are the judge's: -s schema only, -d data only, -n without owners and
// privileges, -S with the database's own settings.
func DBDiff(t testing.TB, a, b string, flags ...string) {
	t.Helper()
	out, err := diff(t, a, b, flags...)
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		t.Errorf("the databases differ:\n%s", out)
	default:
		t.Fatalf("dbdiff.sh could not compare: %v\n%s", err, out)
	}
}

func diff(t testing.TB, a, b string, flags ...string) (string, error) {
	t.Helper()
	for _, tool := range []string{"bash", "perl", "diff", "awk"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("dbdiff.sh needs %s: %v", tool, err)
		}
	}
	script := filepath.Join(t.TempDir(), "dbdiff.sh")
	if err := os.WriteFile(script, dbdiff, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{script}, flags...)
	cmd := exec.CommandContext(t.Context(), "bash", append(args, a, b)...)
	cmd.Env = append(os.Environ(), "PG_DUMP="+dumper(t, a, b), "PSQL="+client(t, "psql"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// client is the newest of the machine's installations that has the program: some
// installations are servers without clients.
func client(t testing.TB, program string) string {
	t.Helper()
	Programs(t) // fetches them if there are none
	all, err := cluster.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, programs := range all {
		if path, err := programs.Path(program); err == nil {
			return path
		}
	}
	t.Fatalf("%s is missing: install PostgreSQL's client programs (postgresql-client on Debian)", program)
	return ""
}

// dumper is a pg_dump that is not older than either server: it refuses newer ones.
func dumper(t testing.TB, urls ...string) string {
	t.Helper()
	need := 0
	for _, url := range urls {
		need = max(need, Scalar[int](t, url, "SELECT current_setting('server_version_num')::int / 10000"))
	}
	path := client(t, "pg_dump")
	if p, err := cluster.At(t.Context(), filepath.Dir(path)); err == nil && p.Version >= need {
		return path
	}
	var all error
	for major := need; major <= need+2; major++ { // of some there are servers alone
		p, err := programsOf(major, cluster.Complete)
		if err == nil {
			path, err = p.Path("pg_dump")
		}
		if err == nil {
			return path
		}
		all = errors.Join(all, err)
	}
	t.Skipf("no pg_dump reads PostgreSQL %d: %v", need, all)
	return ""
}
