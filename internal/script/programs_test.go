package script_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/programs"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// found has, for each major version on this machine, the folder with its pg_restore.
var found = sync.OnceValue(func() map[int]string {
	all := map[int]string{}
	for _, dir := range programs.Folders() {
		v, err := programs.Ask(context.Background(), filepath.Join(dir, programs.Executable("pg_restore")), "pg_restore")
		if _, twice := all[v.Major]; err == nil && !twice {
			all[v.Major] = dir
		}
	}
	return all
})

// program is one of a major version; without it the test is skipped.
func program(tb testing.TB, major int, name string) string {
	tb.Helper()
	dir, ok := found()[major]
	if !ok {
		tb.Skipf("no PostgreSQL %d on PATH or in the usual folders", major)
	}
	return filepath.Join(dir, programs.Executable(name))
}

// run returns what a program writes to stdout.
func run(tb testing.TB, path string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%s %q: %v\n%s", path, args, err, &errs)
	}
	return out.String()
}
