package pgdump

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// script writes a program that runs the shell commands.
func script(t *testing.T, path, commands string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins for pg_dump are shell scripts")
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+commands+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func answering(version string) string { return "echo 'pg_dump (PostgreSQL) " + version + "'" }

// The newest of all that are found is chosen, wherever on PATH it stands; what does not answer is passed over.
func TestChooseTheNewest(t *testing.T) {
	old, recent, broken := t.TempDir(), t.TempDir(), t.TempDir()
	script(t, filepath.Join(broken, "pg_dump"), "exit 3")
	script(t, filepath.Join(old, "pg_dump"), answering("98.11 (Debian 98.11-1.pgdg)"))
	want := script(t, filepath.Join(recent, "pg_dump"), answering("99.2"))
	t.Setenv("PATH", strings.Join([]string{broken, old, recent, filepath.Join(old, "missing")}, string(os.PathListSeparator)))
	for _, server := range []int{12, 98, 99} {
		p, err := Choose(t.Context(), "", server)
		if err != nil || p.Path != want || p.Version != "99.2" || p.Major != 99 {
			t.Errorf("for a server %d: %v, error %v", server, p, err)
		}
	}
	_, err := Choose(t.Context(), "", 100)
	if !errors.Is(err, ErrNone) {
		t.Fatalf("for a server 100: error %v", err)
	}
	for _, part := range []string{"version 100", want + " (99.2)", old + "/pg_dump (98.11)", "postgresql-client-100", "postgresql100", "postgresql@100", "--pg-dump"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in: %v", part, err)
		}
	}
}

// Debian's wrapper is passed over where there is what it would run, and used where there is nothing else; a program that several
// links lead to is asked once.
func TestChooseNoWrapper(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "asked")
	note := "echo \"$0\" >> " + log + "\n"
	wrapped, real, linked := filepath.Join(dir, "bin"), filepath.Join(dir, "real"), filepath.Join(dir, "linked")
	for _, folder := range []string{wrapped, real} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	wrapper := script(t, filepath.Join(dir, "pg_wrapper"), note+answering("99.2"))
	want := script(t, filepath.Join(real, "pg_dump"), note+answering("99.2"))
	if err := errors.Join(os.Symlink(wrapper, filepath.Join(wrapped, "pg_dump")), os.Symlink(real, linked)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", strings.Join([]string{wrapped, real, linked}, string(os.PathListSeparator)))
	if p, err := Choose(t.Context(), "", 99); err != nil || p.Path != want {
		t.Errorf("%v, error %v", p, err)
	}
	if text, err := os.ReadFile(log); err != nil || string(text) != want+"\n" {
		t.Errorf("asked: %s, error %v", text, err)
	}
	if p := asked(t.Context(), []string{filepath.Join(wrapped, "pg_dump")}); len(p) != 1 || p[0].Major != 99 {
		t.Errorf("the wrapper alone: %v", p)
	}
}

// --pg-dump is the only candidate, and what is wrong with it is said.
func TestChooseByPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	good := script(t, at("good"), answering("99.1"))
	if p, err := Choose(t.Context(), good, 18); err != nil || p.Path != good || p.Major != 99 {
		t.Errorf("%v, error %v", p, err)
	}
	script(t, at("old"), answering("11.2"))
	script(t, at("stranger"), "echo 'psql (PostgreSQL) 15.1'")
	script(t, at("fails"), "exit 7")
	if err := os.WriteFile(at("plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		"old": "version 11.2, older than the source server, 15", "stranger": "does not answer --version as pg_dump does",
		"fails": "exit status 7", "plain": "permission denied", "missing": "no such file",
	} {
		_, err := Choose(t.Context(), at(name), 15)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "--pg-dump "+at(name)) {
			t.Errorf("%s: error %v, which does not say %q", name, err, says)
		}
		if errors.Is(err, ErrNone) != (name == "old") {
			t.Errorf("%s: is ErrNone: %v", name, !(name == "old"))
		}
	}
}

// One that never answers does not outlive the caller's patience, nor does what it started.
func TestChooseIsCancelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	if out, err := exec.Command("mkfifo", started).CombinedOutput(); err != nil {
		t.Skipf("mkfifo: %v: %s", err, out)
	}
	said, err := os.OpenFile(started, os.O_RDWR, 0) // for both, so that it waits in Read and not here
	if err != nil {
		t.Fatal(err)
	}
	path := script(t, filepath.Join(dir, "pg_dump"), "echo >"+started+"; sleep 100")
	ctx, cancel := context.WithCancelCause(t.Context())
	wanted := errors.New("the user went home")
	var waiting sync.WaitGroup
	waiting.Go(func() {
		_, _ = said.Read(make([]byte, 1)) // its end is the test's
		cancel(wanted)
	})
	defer waiting.Wait()
	defer said.Close()
	if _, err := Choose(ctx, path, 15); !errors.Is(err, wanted) {
		t.Errorf("error %v", err)
	}
}
