package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
)

// ErrNoPrograms says that this machine has no PostgreSQL server programs.
var ErrNoPrograms = errors.New("no PostgreSQL server programs found")

// Programs is one installation of PostgreSQL's programs.
type Programs struct {
	Bin     string // the directory that holds initdb and postgres
	Version int    // the server's major version, such as 15
	Full    string // the whole version, such as "15.18"
}

// installFolders are the patterns of the folders that packages of PostgreSQL use.
var installFolders = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // PostgreSQL's own RPMs
	"/usr/local/pgsql/bin",      // built from source
	"/usr/local/bin",
	"/usr/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Library/PostgreSQL/*/bin",
	`C:\Program Files\PostgreSQL\*\bin`,
}

// Find lists the installations of this machine, newest first: those on PATH, in
// the usual folders, and those that Ensure unpacked. It starts each postgres
// once, to ask for its version, and leaves out what can't be started. With none
// at all the error is ErrNoPrograms.
func Find(ctx context.Context) ([]Programs, error) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	patterns := installFolders
	if cache, err := cacheDir(); err == nil {
		patterns = append(slices.Clone(patterns), filepath.Join(cache, "postgresql-*", "bin"))
	}
	for _, p := range patterns {
		found, _ := filepath.Glob(p) // the only error is a bad pattern, and these are constants
		folders = append(folders, found...)
	}
	seen := map[string]bool{}
	var all []Programs
	for _, folder := range folders {
		initdb, err := filepath.EvalSymlinks(filepath.Join(folder, exe("initdb")))
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
		return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(minor(b.Full), minor(a.Full)))
	})
	return all, nil
}

// At describes the programs in the folder bin, which must hold initdb and
// postgres that the user who will run them can start.
func At(ctx context.Context, bin string) (Programs, error) {
	for _, name := range []string{"initdb", "postgres"} {
		path := filepath.Join(bin, exe(name))
		if info, err := os.Stat(path); err != nil {
			return Programs{}, err
		} else if info.IsDir() {
			return Programs{}, fmt.Errorf("%s is a directory", path)
		}
		if err := reachable(path); err != nil {
			return Programs{}, err
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, exe("postgres")), "--version")
	out, err := cmd.Output()
	if err != nil {
		return Programs{}, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	major, full, err := parseVersion(string(out))
	if err != nil {
		return Programs{}, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	return Programs{Bin: bin, Version: major, Full: full}, nil
}

// Path is the full path of one of the programs, such as "pg_dump". It is an
// error if this installation lacks it: some hold the server alone.
func (p Programs) Path(program string) (string, error) {
	path := filepath.Join(p.Bin, exe(program))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("PostgreSQL %s in %s has no %s: %w", p.Full, p.Bin, program, err)
	}
	return path, nil
}

// versionLine matches "postgres (PostgreSQL) 15.18 (Debian …)" and "… 19beta1".
var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+)[0-9A-Za-z.]*)`)

func parseVersion(line string) (major int, full string, err error) {
	m := versionLine.FindStringSubmatch(line)
	if m == nil {
		return 0, "", fmt.Errorf("not a version of PostgreSQL: %q", line)
	}
	major, err = strconv.Atoi(m[2])
	return major, m[1], err
}

// minor is the 18 of "15.18"; a beta, which has none, counts as 0.
func minor(full string) int {
	var major, n int
	if _, err := fmt.Sscanf(full, "%d.%d", &major, &n); err != nil {
		return 0
	}
	return n
}

func exe(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
