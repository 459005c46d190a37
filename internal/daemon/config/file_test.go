package config

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReloadKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	path := write(t, "databases: {a: {url_file: private.url}}\n")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	old := f.Config()
	replace(t, path, "databases: {b: {url_file: private.url}, c: {url_file: no-such}}\n")
	if err := f.Reload(); err == nil || !strings.Contains(err.Error(), "databases.c.url_file") {
		t.Fatalf("a wrong one: %v", err)
	}
	if f.Config() != old {
		t.Fatal("the old one is gone")
	}
	replace(t, path, "databases: {b: {url_file: private.url}}\n")
	replace(t, filepath.Join(filepath.Dir(path), "private.url"), "service=rotated")
	if err := f.Reload(); err != nil {
		t.Fatal(err)
	}
	if c := f.Config(); c.Database("a") != nil || c.Database("b").URL.Reveal() != "service=rotated" || old.Database("a") == nil {
		t.Errorf("now %+v", c)
	}
}

func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if f, err := Open(write(t, "databases: {}\n")); err == nil {
		t.Errorf("opened %v", f.Config())
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	path := write(t, "databases: {a: {url_file: private.url}}\n")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	signals, told, left := make(chan os.Signal), make(chan error), make(chan struct{})
	go func() {
		defer close(left)
		f.watch(ctx, signals, func(err error) { told <- err })
	}()
	for _, text := range []string{"databases: {b: {url_file: private.url}}\n", "databases: {}\n"} {
		replace(t, path, text)
		signals <- syscall.SIGHUP
		if err := <-told; (err == nil) != strings.Contains(text, "b:") {
			t.Errorf("%s: %v", text, err)
		}
		if f.Config().Database("b") == nil {
			t.Errorf("%s: b is not there", text)
		}
	}
	cancel()
	<-left
}
