package pgdump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pgsluice/internal/programs"
)

// Program is one pg_dump that was found.
type Program struct {
	Path    string
	Version string // as it says itself: "15.18"
	Major   int

	version programs.Version
}

func (p Program) String() string { return fmt.Sprintf("%s (%s)", p.Path, p.Version) }

// ErrNone means that no pg_dump fits; the error that wraps it names what was found and what to install.
var ErrNone = errors.New("no pg_dump fits")

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
	paths, wrappers := files()
	found := asked(ctx, paths)
	if len(found) == 0 {
		found = asked(ctx, wrappers)
	}
	slices.SortStableFunc(found, func(a, b Program) int { return b.version.Compare(a.version) })
	return found
}

// files are the programs that there are, each once however many links lead to it. Debian's pg_wrapper stands apart: it runs one of
// the others, and what is to be started for that first takes longer than they do.
func files() (paths, wrappers []string) {
	seen := map[string]bool{}
	for _, folder := range programs.Folders() {
		path := filepath.Join(folder, programs.Executable("pg_dump"))
		real, err := filepath.EvalSymlinks(path)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		if info, err := os.Stat(real); err != nil || info.IsDir() {
			continue
		}
		if filepath.Base(real) == "pg_wrapper" {
			wrappers = append(wrappers, path)
		} else {
			paths = append(paths, path)
		}
	}
	return paths, wrappers
}

func asked(ctx context.Context, paths []string) []Program {
	var found []Program
	for _, path := range paths {
		if p, err := ask(ctx, path); err == nil {
			found = append(found, p)
		}
	}
	return found
}

func ask(ctx context.Context, path string) (Program, error) {
	v, err := programs.Ask(ctx, path, "pg_dump")
	return Program{Path: path, Version: v.Text, Major: v.Major, version: v}, err
}
