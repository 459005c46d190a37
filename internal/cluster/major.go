package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Kind says how much of PostgreSQL an installation holds.
type Kind int

// Some packages hold no more than what a server needs.
const (
	ServerOnly Kind = iota
	Complete        // psql, pg_dump and pg_restore beside the server
)

func (k Kind) String() string {
	if k == Complete {
		return "complete"
	}
	return "server only"
}

// Kind says what this installation holds.
func (p Programs) Kind() Kind {
	for _, client := range []string{"psql", "pg_dump", "pg_restore"} {
		if _, err := p.Path(client); err != nil {
			return ServerOnly
		}
	}
	return Complete
}

// FindMajor returns an installation of a major version that holds at least what
// kind says: one of Find's, or one that EnsureMajor has got before. A complete
// one comes first. With none the error is ErrNoPrograms.
func FindMajor(ctx context.Context, major int, kind Kind) (Programs, error) {
	all, err := Find(ctx)
	if err != nil && !errors.Is(err, ErrNoPrograms) {
		return Programs{}, err
	}
	if dir, err := buildsDir(); err == nil {
		for _, s := range supplies {
			if p, err := At(ctx, filepath.Join(dir, s.name(major), s.bin(major))); err == nil {
				all = append(all, p)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return Programs{}, context.Cause(ctx)
	}
	for _, k := range []Kind{Complete, ServerOnly} {
		for _, p := range all {
			if p.Version == major && p.Kind() == k && k >= kind {
				return p, nil
			}
		}
	}
	return Programs{}, fmt.Errorf("PostgreSQL %d, %s: %w", major, kind, ErrNoPrograms)
}

// EnsureMajor is FindMajor that gets what is not there: a complete build from
// another of Debian's suites, with the C library that it was made for, or a
// server alone from the npm registry. Either goes into a folder of the cache that
// Find does not look into, so what is newest on this machine stays what it was,
// and nothing is installed. It says on log what it does. Several processes may
// ask at once: one gets it, the others wait. An error says for each way why it
// led nowhere.
func EnsureMajor(ctx context.Context, log io.Writer, major int, kind Kind) (Programs, error) {
	p, err := FindMajor(ctx, major, kind)
	if !errors.Is(err, ErrNoPrograms) {
		return p, err
	}
	dir, err := buildsDir()
	if err != nil {
		return Programs{}, fmt.Errorf("getting PostgreSQL %d: %w", major, err)
	}
	var all error
	for _, s := range supplies {
		if s.kind < kind || s.versions[major] == "" {
			continue
		}
		p, err := s.ensure(ctx, log, dir, major)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return Programs{}, context.Cause(ctx)
		}
		all = errors.Join(all, fmt.Errorf("%s: %w", s.origin, err))
	}
	if all == nil {
		all = errors.New("no source of that version is known")
	}
	return Programs{}, fmt.Errorf("getting PostgreSQL %d, %s: %w", major, kind, all)
}

// supply is a way to come by a build of a major version.
type supply struct {
	origin string // in words
	kind   Kind
	folder string // what the folders of its builds are called, followed by the major version
	// versions says for each major version that can be had what is to be asked for.
	versions map[int]string
	// bin is the folder of the programs, relative to that of the build.
	bin func(major int) string
	// get fills draft/tree with the build, which will stand at final. What it leaves
	// in draft beside it goes away.
	get func(ctx context.Context, log io.Writer, draft, final string, major int, version string) error
}

// supplies are those that can serve either wish first.
var supplies = []supply{
	{origin: "Debian", kind: Complete, folder: "debian", versions: suites, bin: homeBin, get: suiteBuild},
	{origin: "npm", kind: ServerOnly, folder: "npm", versions: npmVersions, bin: func(int) string { return npmBin }, get: npmBuild},
}

func (s supply) name(major int) string { return fmt.Sprintf("%s-%d", s.folder, major) }

// ensure gets the build into dir, unless another process has done so meanwhile. It
// appears there whole or not at all.
func (s supply) ensure(ctx context.Context, log io.Writer, dir string, major int) (p Programs, err error) {
	final := filepath.Join(dir, s.name(major))
	err = locked(final+".lock", func() (err error) {
		if p, err = At(ctx, filepath.Join(final, s.bin(major))); err == nil || ctx.Err() != nil {
			return err
		}
		draft, err := os.MkdirTemp(dir, "draft-*")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(draft)) }()
		tree := filepath.Join(draft, "tree")
		if err := os.Mkdir(tree, 0o755); err != nil {
			return err
		}
		if err := s.get(ctx, log, draft, final, major, s.versions[major]); err != nil {
			return err
		}
		// what stands there already could not be run
		if err := os.RemoveAll(final); err != nil {
			return err
		}
		if err := os.Rename(tree, final); err != nil {
			return err
		}
		p, err = At(ctx, filepath.Join(final, s.bin(major)))
		return err
	})
	return p, err
}

// buildsDir holds what EnsureMajor gets. Root's own cache is closed to the account
// that postgres will run as, on most systems; then it is in the temporary folder.
func buildsDir() (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	if reachable(filepath.Join(cache, "builds")) != nil {
		if cache, err = temporaryCache(); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(cache, "builds")
	return dir, os.MkdirAll(dir, 0o755)
}
