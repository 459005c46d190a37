package demo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/transfer"
)

// small is a shop of 3 MB.
const small = 0.02

// folder is a parent for the servers that other users can pass through, as they must if the tests are root's. At the
// end of the test it must be empty, and no process may be at home in it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "demo-test-*")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v %v", dir, left, err)
		}
		for _, command := range commands(t) {
			if strings.Contains(command, dir) {
				t.Errorf("a process is left: %s", command)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// commands are the command lines of all processes, where the system has /proc.
func commands(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err == nil { // it has ended meanwhile
			all = append(all, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return all
}

// The folder's watch can see a server.
func TestCommandsShowServers(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("no /proc here")
	}
	dir := pgtest.Server(t).Dir()
	if all := strings.Join(commands(t), "\n"); !strings.Contains(all, dir) {
		t.Errorf("no process with %s among\n%s", dir, all)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	err := Run(t.Context(), Options{Scale: small, Dir: folder(t), Story: NewStory(&told)})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"starting two PostgreSQL ", "filling the source with a shop of 3.0 MB ... ", "\ncopying it to the target",
		"\nCopied 3.0 MB, 24,", "MB/s.\nAll 15 tables are equal on both servers, row by row, ", "\nmaterialized view, 9 sequences, 41 indexes ",
		"\nremoving both servers ... nothing is left, ",
	} {
		if !strings.Contains(told.String(), part) {
			t.Errorf("the story lacks %q:\n%s", part, told.String())
		}
	}
}

// The smallest shop still has a row in each table that others refer to.
func TestSmallestScale(t *testing.T) {
	t.Parallel()
	if err := Run(t.Context(), Options{Scale: 1e-9, Dir: folder(t)}); err != nil {
		t.Fatal(err)
	}
}

func TestFlippedByte(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), Options{Scale: small, FlipByte: true, Dir: folder(t)})
	var different *DifferentError
	if !errors.As(err, &different) {
		t.Fatalf("got %v, want a DifferentError", err)
	}
	want := "table public.documents: as many rows on both sides, but not the same"
	if len(different.Differences) != 1 || different.Differences[0] != want {
		t.Errorf("got %q, want %q", different.Differences, want)
	}
}

func TestServersDoNotStart(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), Options{Scale: small, Dir: filepath.Join(folder(t), "missing")})
	if !transfer.IsRefused(err) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want a refusal that names the folder", err)
	}
}

func TestCopyFails(t *testing.T) {
	t.Parallel()
	failure := errors.New("the copy failed")
	var told strings.Builder
	err := Run(t.Context(), Options{
		Scale: small, Dir: folder(t), Story: NewStory(&told),
		Copy: func(context.Context, transfer.Options) error { return failure },
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	if strings.Contains(told.String(), "comparing") {
		t.Errorf("a copy that failed was compared:\n%s", told.String())
	}
}

// Neither an unreadable target nor an empty one passes for an equal one.
func TestCheckFails(t *testing.T) {
	t.Parallel()
	run := func(instead func(ctx context.Context, opt transfer.Options) error) error {
		return Run(t.Context(), Options{Scale: small, Dir: folder(t), Copy: instead})
	}
	err := run(func(ctx context.Context, opt transfer.Options) error {
		server := strings.TrimSuffix(opt.Target, "/shop?sslmode=disable") + "/postgres?sslmode=disable"
		return pgtest.Run(ctx, server, "ALTER DATABASE shop ALLOW_CONNECTIONS false")
	})
	if err == nil || !strings.HasPrefix(err.Error(), "checking the target: ") {
		t.Errorf("an unreadable target: got %v", err)
	}
	err = run(func(context.Context, transfer.Options) error { return nil })
	var different *DifferentError
	if !errors.As(err, &different) || len(different.Differences) < 15 {
		t.Errorf("an empty target: got %v", err)
	}
	err = run(func(ctx context.Context, opt transfer.Options) error {
		return pgtest.Run(ctx, opt.Source, "DROP SCHEMA public, reports CASCADE")
	})
	if err == nil || !strings.Contains(err.Error(), "nothing to compare") {
		t.Errorf("two empty databases: got %v", err)
	}
}
