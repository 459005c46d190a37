//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"pgsluice/internal/pgtest"
)

// program is a command that runs this binary as pgsluice.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "pgsluice")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	pgtest.Programs(t)
	cmd := exec.CommandContext(t.Context(), link, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=xterm", "NO_COLOR=")
	return cmd
}

// shops are a source that holds a shop and an empty target.
func shops(t *testing.T) (source, target string) {
	t.Helper()
	source, target = pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, source, shop)
	return source, target
}

// fillUp writes to f until nothing more fits: who writes to it next waits for a reader.
func fillUp(t *testing.T, f *os.File) {
	t.Helper()
	fd := int(f.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	var err error
	for _, chunk := range [][]byte{make([]byte, 4096), make([]byte, 1)} {
		for err = nil; err == nil; {
			_, err = syscall.Write(fd, chunk)
		}
	}
	if !errors.Is(err, syscall.EAGAIN) {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
}

// A copy whose stderr nobody reads is done, and its process ends with its exit code.
func TestStderrThatNobodyReads(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--log-level", "debug"},
		{"--progress", "json", "--log-level", "debug"},
		{"--progress", "none"},
	} {
		t.Run(args[1], func(t *testing.T) {
			t.Parallel()
			source, target := shops(t)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			fillUp(t, w)
			cmd := program(t, append([]string{"copy", source, target}, args...)...)
			cmd.Stderr = w
			if err := cmd.Run(); err != nil {
				t.Errorf("the copy: %v", err)
			}
			w.Close()
			pgtest.DBDiff(t, source, target)
		})
	}
}

// The same with a reader that is stopped in its midst, as a pager or ssh may be.
func TestStderrWhoseReaderIsStopped(t *testing.T) {
	t.Parallel()
	source, target := shops(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader := exec.CommandContext(t.Context(), "cat")
	reader.Stdin = r
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := reader.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	fillUp(t, w)
	cmd := program(t, "copy", source, target, "--log-level", "debug")
	cmd.Stderr = w
	if err := cmd.Run(); err != nil {
		t.Errorf("the copy: %v", err)
	}
	w.Close()
	if err := errors.Join(reader.Process.Signal(syscall.SIGCONT), reader.Wait()); err != nil {
		t.Errorf("the reader: %v", err)
	}
	pgtest.DBDiff(t, source, target)
}
