package programs

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line, name string
		want       Version
	}{
		{"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "postgres", Version{"15.18", 15, 18}},
		{"pg_dump (PostgreSQL) 12.22\n", "pg_dump", Version{"12.22", 12, 22}},
		{"postgres (PostgreSQL) 19beta1\n", "postgres", Version{"19beta1", 19, 0}},
		{"pg_dump (PostgreSQL) 9.6.24\n", "pg_dump", Version{"9.6.24", 9, 6}},
		{"psql (PostgreSQL) 15.18\n", "pg_dump", Version{}},
		{"postgres (Other) 15.18\n", "postgres", Version{}},
		{"", "postgres", Version{}},
	}
	for _, tt := range tests {
		v, err := parse(tt.line, tt.name)
		if v != tt.want || (err == nil) != (tt.want.Major != 0) {
			t.Errorf("%q: %+v, error %v", tt.line, v, err)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	ascending := []Version{{"11.2", 11, 2}, {"15.9", 15, 9}, {"15.18", 15, 18}, {"18beta1", 18, 0}, {"18.1", 18, 1}}
	if !slices.IsSortedFunc(ascending, Version.Compare) || ascending[1].Compare(ascending[2]) >= 0 {
		t.Error("versions are not ordered by their numbers")
	}
}

// PATH comes first, in its order.
func TestFolders(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	t.Setenv("PATH", strings.Join([]string{first, second}, string(os.PathListSeparator)))
	if f := Folders(); len(f) < 2 || f[0] != first || f[1] != second {
		t.Errorf("the folders begin with %q", f[:min(2, len(f))])
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	path := filepath.Join(t.TempDir(), "pg_dump")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho 'pg_dump (PostgreSQL) 99.1'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if v, err := Ask(t.Context(), path, "pg_dump"); err != nil || v != (Version{"99.1", 99, 1}) {
		t.Errorf("%+v, error %v", v, err)
	}
	if _, err := Ask(t.Context(), path+".missing", "pg_dump"); err == nil {
		t.Error("a missing program answered")
	}
}
