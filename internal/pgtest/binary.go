package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Binary is pgsluice itself as a program, compiled once for all tests that ask. It may be used from several goroutines.
type Binary struct {
	once sync.Once
	path string
	err  error
}

// Path gives the program's path: given, if that is not empty, or else that of the program compiled.
func (b *Binary) Path(t testing.TB, given string) string {
	t.Helper()
	if given != "" {
		return given
	}
	b.once.Do(b.build)
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.path
}

func (b *Binary) build() {
	dir, err := os.MkdirTemp("", "pgsluice-program-")
	if err != nil {
		b.err = err
		return
	}
	b.path = filepath.Join(dir, "pgsluice")
	if out, err := exec.Command("go", "build", "-o", b.path, "pgsluice/cmd/pgsluice").CombinedOutput(); err != nil {
		b.err = fmt.Errorf("%w\n%s", err, out)
	}
}

// Remove deletes what was compiled. It is for TestMain, when all tests have ended.
func (b *Binary) Remove() error {
	if b.path == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(b.path))
}
