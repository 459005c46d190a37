package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"pgsluice/internal/programs"
)

// ErrNoPrograms says that this machine has no PostgreSQL server programs.
var ErrNoPrograms = errors.New("no PostgreSQL server programs found")

// Programs is one installation of PostgreSQL's programs.
type Programs struct {
	Bin     string // the directory that holds initdb and postgres
	Version int    // the server's major version, such as 15
	Full    string // the whole version, such as "15.18"

	version programs.Version
}

// Find lists the installations of this machine, newest first: those on PATH, in
// the usual folders, and those that Ensure unpacked. It starts each postgres
// once, to ask for its version, and leaves out what can't be started. With none
// at all the error is ErrNoPrograms.
func Find(ctx context.Context) ([]Programs, error) {
	folders := programs.Folders()
	if cache, err := cacheDir(); err == nil {
		unpacked, _ := filepath.Glob(filepath.Join(cache, "postgresql-*", "bin")) // no result is as good as an error
		folders = append(folders, unpacked...)
	}
	seen := map[string]bool{}
	var all []Programs
	for _, folder := range folders {
		initdb, err := filepath.EvalSymlinks(filepath.Join(folder, programs.Executable("initdb")))
		if err != nil || seen[initdb] {
			continue
		}
		seen[initdb] = true
		if p, err := At(ctx, filepath.Dir(initdb)); err == nil {
			all = append(all, p)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if len(all) == 0 {
		return nil, ErrNoPrograms
	}
	slices.SortStableFunc(all, func(a, b Programs) int {
		return b.version.Compare(a.version)
	})
	return all, nil
}

// At describes the programs in the folder bin, which must hold initdb and
// postgres that the user who will run them can start.
func At(ctx context.Context, bin string) (Programs, error) {
	for _, name := range []string{"initdb", "postgres"} {
		path := filepath.Join(bin, programs.Executable(name))
		if info, err := os.Stat(path); err != nil {
			return Programs{}, err
		} else if info.IsDir() {
			return Programs{}, fmt.Errorf("%s is a directory", path)
		}
		if err := reachable(path); err != nil {
			return Programs{}, err
		}
	}
	path := filepath.Join(bin, programs.Executable("postgres"))
	v, err := programs.Ask(ctx, path, "postgres")
	if err != nil {
		return Programs{}, fmt.Errorf("%s: %w", path, err)
	}
	return Programs{Bin: bin, Version: v.Major, Full: v.Text, version: v}, nil
}

// Path is the full path of one of the programs, such as "pg_dump". It is an
// error if this installation lacks it: some hold the server alone.
func (p Programs) Path(program string) (string, error) {
	path := filepath.Join(p.Bin, programs.Executable(program))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("PostgreSQL %s in %s has no %s: %w", p.Full, p.Bin, program, err)
	}
	return path, nil
}
