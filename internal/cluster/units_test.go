package cluster

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/programs"
)

func TestTemplateName(t *testing.T) {
	t.Parallel()
	build := func(content string) Programs {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, programs.Executable("postgres")), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return Programs{Bin: dir, Version: 15, Full: "15.18"}
	}
	name := func(p Programs, args ...string) string {
		n, err := templateName(p, args)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	one := name(build("one"), "-a", "b")
	if other := name(build("one"), "-a", "b"); other != one {
		t.Errorf("a copy of an installation has the template %s, not %s", other, one)
	}
	newer := build("one")
	newer.Full = "15.19"
	for what, other := range map[string]string{
		"another build":   name(build("other"), "-a", "b"),
		"another version": name(newer, "-a", "b"),
		"other arguments": name(build("one"), "-ab"),
	} {
		if other == one {
			t.Errorf("%s: the same template %s", what, one)
		}
	}
}

func TestReadLockFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postmaster.pid")
	for content, want := range map[string]lockFileStatus{
		"":      {},
		"123\n": {pid: "123"},
		"123\n/data\n1\n5432\n/tmp\n127.0.0.1\n 1 2\nstarting\n": {pid: "123"},
		"123\n/data\n1\n5432\n/tmp\n127.0.0.1\n 1 2\nready   \n": {pid: "123", ready: true},
		"123\n/data\n1\n5432\n/tmp\n127.0.0.1\n 1 2\nstandby \n": {pid: "123", ready: true},
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := readLockFile(path); got != want {
			t.Errorf("%q: %+v", content, got)
		}
	}
}

func TestControlFileWithoutCRC(t *testing.T) {
	t.Parallel()
	raw := slices.Repeat([]byte{1}, 8192)
	if err := setControlIdentifier(raw, 5); !errors.Is(err, errNoCRC) || raw[0] != 1 {
		t.Errorf("error %v, first byte %d", err, raw[0])
	}
}

func TestAptAnswers(t *testing.T) {
	t.Parallel()
	depends := "postgresql\n  Depends: postgresql-15\n  Suggests: postgresql-doc\n"
	if m := serverPackage.FindStringSubmatch(depends); len(m) != 2 || m[1] != "15" {
		t.Errorf("server package %v", m)
	}
	simulated := "NOTE: This is only a simulation!\n" +
		"Inst libicu72 (72.1-3 Debian:12/stable [amd64])\n" +
		"Inst libpq5:amd64 (15.18-0 Debian [amd64])\n" +
		"Inst libssl3 [3.0.1] (3.0.2 Debian [amd64])\n" + // an upgrade: it is here already
		"Inst libllvm14 (1:14.0.6-12 Debian:12/stable [amd64])\n" +
		"Conf libpq5:amd64 (15.18-0 Debian [amd64])\n"
	var names []string
	for _, m := range installLine.FindAllStringSubmatch(simulated, -1) {
		if name, _, _ := strings.Cut(m[1], ":"); !unneeded.MatchString(name) {
			names = append(names, name)
		}
	}
	if want := []string{"libicu72", "libpq5"}; !slices.Equal(names, want) {
		t.Errorf("libraries %v, want %v", names, want)
	}
	for _, name := range []string{"libc6", "libperl5.36", "libjson-perl", "libz3-4"} {
		if !unneeded.MatchString(name) {
			t.Errorf("%s would be unpacked", name)
		}
	}
	for _, name := range []string{"libcurl4", "libzstd1", "liblz4-1"} {
		if unneeded.MatchString(name) {
			t.Errorf("%s would be left out", name)
		}
	}
}

// A cache folder may have any name, and each script must find its program there.
func TestLaunchers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are Debian's affair")
	}
	base := t.TempDir()
	tree, final := filepath.Join(base, "draft"), filepath.Join(base, "it's $HOME")
	for path, content := range map[string]string{
		"root/usr/lib/postgresql/15/bin/postgres":  "#!/bin/sh\necho \"$LD_LIBRARY_PATH $0 $1\"\n",
		"root/usr/lib/x86_64-linux-gnu/libpq.so.5": "",
	} {
		path = filepath.Join(tree, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeLaunchers(tree, final, "15"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tree, final); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(final, "bin", "postgres"), "a b")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	want := filepath.Join(final, "root/usr/lib/x86_64-linux-gnu") + " " +
		filepath.Join(final, "root/usr/lib/postgresql/15/bin/postgres") + " a b\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, out, want)
	}
}
