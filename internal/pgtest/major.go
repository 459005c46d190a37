package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"pgsluice/internal/cluster"
)

// Fetch is the environment variable with which `make compat` allows tests to get
// builds of PostgreSQL that this machine lacks. Without it such tests are skipped.
const Fetch = "PGSLUICE_FETCH"

// majors are the builds that this test binary has asked for, or why there is none.
var majors struct {
	mu   sync.Mutex
	have map[string]build
}

type build struct {
	programs cluster.Programs
	err      error
}

// ProgramsOf is a build of that major version that holds at least what kind says:
// one that is installed or in the cache, or else, where Fetch allows it, a fetched
// one. Where there is none the test is skipped with the reason.
func ProgramsOf(t testing.TB, major int, kind cluster.Kind) cluster.Programs {
	t.Helper()
	p, err := programsOf(major, kind)
	if err != nil {
		t.Skipf("PostgreSQL %d, %s, is not to be had (%s=1 fetches): %v", major, kind, Fetch, err)
	}
	return p
}

func programsOf(major int, kind cluster.Kind) (cluster.Programs, error) {
	majors.mu.Lock()
	defer majors.mu.Unlock()
	wish := fmt.Sprint(major, kind)
	if b, asked := majors.have[wish]; asked {
		return b.programs, b.err
	}
	// not a test's context: others wait for the build too
	get := cluster.FindMajor
	if os.Getenv(Fetch) != "" {
		get = func(ctx context.Context, major int, kind cluster.Kind) (cluster.Programs, error) {
			return cluster.EnsureMajor(ctx, os.Stderr, major, kind)
		}
	}
	p, err := get(context.Background(), major, kind)
	if majors.have == nil {
		majors.have = map[string]build{}
	}
	majors.have[wish] = build{p, err}
	return p, err
}

// ServerOf is the cluster of that major version that the tests of this binary
// share. Where there are no programs of it the test is skipped with the reason.
func ServerOf(t testing.TB, major int) *cluster.Cluster {
	t.Helper()
	programs := ProgramsOf(t, major, cluster.ServerOnly)
	return start(t, fmt.Sprintf("server of PostgreSQL %d", major), cluster.Options{Programs: programs}, nil)
}
