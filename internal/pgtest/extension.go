package pgtest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
)

// WithExtension gives programs like p that also know the extension whose control and SQL files lie in dir, without
// touching the installation: a tree of links around a copy of the postgres program, which finds its files from where
// it lies itself. The tree goes when the test ends.
func WithExtension(t testing.TB, p cluster.Programs, dir string) cluster.Programs {
	t.Helper()
	if unpacked, _ := filepath.Glob(filepath.Join(p.Bin, "..", "root", "usr", "share", "postgresql", "*", "extension")); len(unpacked) > 0 {
		// a cache of our own, whose launchers can't be moved
		copies := copyFiles(t, dir, unpacked[0])
		shared.mu.Lock()
		defer shared.mu.Unlock()
		shared.copies = append(shared.copies, copies...) // other tests may use them as long as this binary runs
		return p
	}
	config := func(what string) string {
		out, err := exec.CommandContext(t.Context(), filepath.Join(p.Bin, "pg_config"), what).Output()
		if err != nil {
			t.Fatalf("pg_config %s: %v", what, err)
		}
		return strings.TrimSpace(string(out))
	}
	bin, lib, share := config("--bindir"), config("--pkglibdir"), config("--sharedir")
	prefix := bin
	for !strings.HasPrefix(lib, prefix+"/") || !strings.HasPrefix(share, prefix+"/") {
		prefix = filepath.Dir(prefix)
	}
	tree, err := os.MkdirTemp("", "pgtest-programs-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(tree); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(tree, 0o755); err != nil { // the server runs as another user
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(tree, strings.TrimPrefix(path, prefix)) }
	link(t, bin, at(bin), "postgres")
	copyFile(t, filepath.Join(bin, "postgres"), filepath.Join(at(bin), "postgres"), 0o755)
	link(t, lib, at(lib))
	link(t, share, at(share), "extension")
	link(t, filepath.Join(share, "extension"), filepath.Join(at(share), "extension"))
	copyFiles(t, dir, filepath.Join(at(share), "extension"))
	moved, err := cluster.At(t.Context(), at(bin))
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

// link fills the folder to with links to what is in from, but for the names in except.
func link(t testing.TB, from, to string, except ...string) {
	t.Helper()
	from, err := filepath.Abs(from)
	if err == nil {
		err = os.MkdirAll(to, 0o755)
	}
	var entries []fs.DirEntry
	if err == nil {
		entries, err = os.ReadDir(from)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if len(except) > 0 && e.Name() == except[0] {
			continue
		}
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
}

// copyFiles copies the control and SQL files of a folder and returns the copies' paths.
func copyFiles(t testing.TB, from, to string) (copies []string) {
	t.Helper()
	for _, pattern := range []string{"*.control", "*.sql"} {
		files, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			copies = append(copies, filepath.Join(to, filepath.Base(f)))
			copyFile(t, f, copies[len(copies)-1], 0o644)
		}
	}
	return copies
}

func copyFile(t testing.TB, from, to string, mode fs.FileMode) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
