package archive_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"pgsluice/internal/programs"
)

// found has, for each major version on this machine, the folder with its pg_restore.
var found = sync.OnceValue(func() map[int]string {
	all := map[int]string{}
	for _, dir := range programs.Folders() {
		path := filepath.Join(dir, programs.Executable("pg_restore"))
		v, err := programs.Ask(context.Background(), path, "pg_restore")
		if _, twice := all[v.Major]; err == nil && !twice {
			all[v.Major] = dir
		}
	}
	return all
})

// program returns a program of a major version. If the machine has none, the test is skipped.
func program(tb testing.TB, major int, name string) string {
	tb.Helper()
	dir, ok := found()[major]
	if !ok {
		tb.Skipf("no %s of PostgreSQL %d on PATH or in the usual folders", name, major)
	}
	return filepath.Join(dir, programs.Executable(name))
}

// output runs a program and returns what it writes to stdout.
func output(tb testing.TB, path string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "LC_ALL=C")
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%s %q: %v\n%s", path, args, err, &errs)
	}
	if errs.Len() > 0 {
		tb.Errorf("%s %q: %s", path, args, &errs)
	}
	return out.String()
}
