package pgdump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Program is one pg_dump that was found.
type Program struct {
	Path    string
	Version string // as it says itself: "15.18"
	Major   int
}

func (p Program) String() string { return fmt.Sprintf("%s (%s)", p.Path, p.Version) }

// ErrNone means that no pg_dump fits; the error that wraps it names what was found and what to install.
var ErrNone = errors.New("no pg_dump fits")

// installFolders are where packagers put the programs beside PATH.
func installFolders() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{`C:\Program Files\PostgreSQL\*\bin`}
	case "darwin":
		return []string{
			"/opt/homebrew/opt/postgresql@*/bin", "/opt/homebrew/opt/libpq/bin", "/usr/local/opt/postgresql@*/bin",
			"/usr/local/opt/libpq/bin", "/Library/PostgreSQL/*/bin", "/Applications/Postgres.app/Contents/Versions/*/bin",
		}
	default:
		return []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql*/bin", "/usr/local/bin"}
	}
}

// Choose gives the newest pg_dump that is not older than the server of the given major version. path, if not
// empty, is the only candidate.
func Choose(ctx context.Context, path string, serverMajor int) (Program, error) {
	if path != "" {
		p, err := ask(ctx, path)
		if err != nil {
			return Program{}, fmt.Errorf("--pg-dump %s: %w", path, err)
		}
		if p.Major < serverMajor {
			return Program{}, fmt.Errorf("--pg-dump %s: %w: it is version %s, older than the source server, %d; %s",
				path, ErrNone, p.Version, serverMajor, install(serverMajor))
		}
		return p, nil
	}
	found := candidates(ctx)
	if err := ctx.Err(); err != nil {
		return Program{}, context.Cause(ctx)
	}
	for _, p := range found {
		if p.Major >= serverMajor {
			return p, nil
		}
	}
	if len(found) == 0 {
		return Program{}, fmt.Errorf("%w: none was found on PATH or in the usual folders; %s", ErrNone, install(serverMajor))
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = p.String()
	}
	return Program{}, fmt.Errorf("%w: the source server is version %d and pg_dump must not be older, but only %s was found; %s",
		ErrNone, serverMajor, strings.Join(names, ", "), install(serverMajor))
}

func install(major int) string {
	return fmt.Sprintf("install postgresql-client-%d or newer (Debian, Ubuntu), postgresql%d (RHEL, Fedora), postgresql@%d (Homebrew), "+
		"or name one with --pg-dump", major, major, major)
}

// candidates are all programs that answer, newest first.
func candidates(ctx context.Context) []Program {
	name := "pg_dump"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	folders := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range installFolders() {
		matches, _ := filepath.Glob(pattern) // the patterns are constant and well formed
		folders = append(folders, matches...)
	}
	var found []Program
	seen := map[string]bool{}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err != nil || info.IsDir() || seen[path] {
			continue
		}
		seen[path] = true
		if p, err := ask(ctx, path); err == nil {
			found = append(found, p)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return newer(found[i].Version, found[j].Version) })
	return found
}

// answerTimeout is for a program on a network drive or behind a container's start.
const answerTimeout = 20 * time.Second

var versionLine = regexp.MustCompile(`pg_dump \(PostgreSQL\) ((\d+)[^\s]*)`)

func ask(ctx context.Context, path string) (Program, error) {
	inTime, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	cmd := exec.CommandContext(inTime, path, "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return Program{}, context.Cause(ctx)
	case inTime.Err() != nil:
		return Program{}, fmt.Errorf("no answer to --version within %s", answerTimeout)
	case err != nil:
		return Program{}, err
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Program{}, fmt.Errorf("does not answer --version as pg_dump does")
	}
	major, _ := strconv.Atoi(string(m[2]))
	return Program{Path: path, Version: string(m[1]), Major: major}, nil
}

// newer compares dotted version numbers; what is not a number ("18beta1") counts by its leading digits.
func newer(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		var m, n int
		if i < len(x) {
			_, _ = fmt.Sscanf(x[i], "%d", &m)
		}
		if i < len(y) {
			_, _ = fmt.Sscanf(y[i], "%d", &n)
		}
		if m != n {
			return m > n
		}
	}
	return false
}
