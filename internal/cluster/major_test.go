package cluster

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What can't be had is said, with a reason for each way.
func TestEnsureMajorWithoutTools(t *testing.T) {
	folder := folder(t)
	t.Setenv("PATH", folder)
	t.Setenv("TMPDIR", folder)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(folder, "cache"))
	for major, want := range map[int][]string{11: {"no source"}, 17: {"Debian:", "npm:"}} {
		if _, err := FindMajor(t.Context(), major, ServerOnly); err == nil {
			t.Logf("PostgreSQL %d is installed", major)
			continue
		} else if !errors.Is(err, ErrNoPrograms) {
			t.Error(err)
		}
		_, err := EnsureMajor(t.Context(), t.Output(), major, ServerOnly)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("PostgreSQL %d: error %v does not say %q", major, err, part)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*", "builds", "draft*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOSRelease(t *testing.T) {
	t.Parallel()
	got := osRelease("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\nVERSION_CODENAME=bookworm\n\n")
	if got["ID"] != "debian" || got["VERSION_CODENAME"] != "bookworm" {
		t.Errorf("read %q", got)
	}
}

// Each program is started by its own loader, under the name by which it finds its sisters.
func TestOwnLaunchers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are Debian's affair")
	}
	base := t.TempDir()
	draft, final := filepath.Join(base, "draft"), filepath.Join(base, "it's $HOME")
	for path, content := range map[string]string{
		"usr/lib/postgresql/17/bin/initdb":              "",
		"usr/lib/postgresql/17/lib/llvmjit.so":          "",
		"usr/share/man/man1/initdb.1":                   "",
		"usr/lib/x86_64-linux-gnu/libpq.so.5":           "",
		"usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": "#!/bin/sh\nprintf '%s\\n' \"$@\"\n",
	} {
		path = filepath.Join(draft, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeOwnLaunchers(draft, final, "17"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(draft, final); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(final, "usr/lib/postgresql/17/bin")
	out, err := exec.Command(filepath.Join(bin, "initdb"), "a b").CombinedOutput()
	want := []string{"--library-path", filepath.Join(final, "usr/lib/x86_64-linux-gnu"), "--argv0", bin + "/initdb", bin + ".real/initdb", "a b", ""}
	if err != nil || string(out) != strings.Join(want, "\n") {
		t.Errorf("%v\ngot  %s\nwant %q", err, out, want)
	}
	for _, useless := range []string{"usr/lib/postgresql/17/lib/llvmjit.so", "usr/share/man"} {
		if _, err := os.Stat(filepath.Join(final, useless)); err == nil {
			t.Errorf("%s is still there", useless)
		}
	}
}

func TestLinkLibraries(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		`[{"source":"native/lib/libpq.so.5.12","target":"native/lib/libpq.so.5"}]`: "",
		`[{"source":"native/lib/libpq.so.5.12","target":"../libpq.so.5"}]`:         "a link from",
		`[{"source":"/etc/passwd","target":"native/lib/libpq.so.5"}]`:              "a link from",
		`[{`: "pg-symlinks.json",
	} {
		tree := t.TempDir()
		if err := os.MkdirAll(filepath.Join(tree, "native/lib"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, "native/pg-symlinks.json"), []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		err := linkLibraries(tree)
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) || want == "" && err != nil {
			t.Errorf("%s: error %v, want %q", list, err, want)
		}
		if to, err := os.Readlink(filepath.Join(tree, "native/lib/libpq.so.5")); want == "" && to != "libpq.so.5.12" {
			t.Errorf("the link leads to %q: %v", to, err)
		}
	}
}

// Each major version starts and says what it is. They are fetched, so `make compat` runs this.
func TestEnsureMajor(t *testing.T) {
	t.Parallel()
	if os.Getenv("PGSLUICE_FETCH") == "" {
		t.Skip("it would fetch seven builds: make compat does")
	}
	for major := 12; major <= 18; major++ {
		kind := ServerOnly
		if suites[major] != "" {
			kind = Complete
		}
		p, err := EnsureMajor(t.Context(), t.Output(), major, kind)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%s, %s: %s", p.Full, p.Kind(), p.Bin)
		c := mustStart(t, Options{Programs: p})
		if got := ask(t, c, "SHOW server_version_num"); got[:2] != p.Full[:2] || p.Kind() < kind {
			t.Errorf("PostgreSQL %d, %s: a server of %s, %s", major, kind, got, p.Kind())
		}
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	}
}
