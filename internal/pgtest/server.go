package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"pgsluice/internal/cluster"
)

// shared are the clusters of this test binary, each started once.
var shared struct {
	mu       sync.Mutex
	serving  bool
	programs cluster.Programs
	clusters map[string]*cluster.Cluster
	copies   []string // files put into the cache of programs
	tlsDir   string   // holds tlsFiles
	tlsFiles TLSFiles
}

// Main runs the tests, removes the shared clusters, and then runs checks, such
// as a search for leaked goroutines. A failing check fails the run.
func Main(m *testing.M, checks ...func() error) {
	shared.mu.Lock()
	shared.serving = true
	shared.mu.Unlock()
	code := m.Run()
	err := closeShared()
	if code == 0 {
		for _, check := range checks {
			err = errors.Join(err, check())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func closeShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.serving = false
	var err error
	for _, c := range shared.clusters {
		err = errors.Join(err, c.Remove())
	}
	shared.clusters = nil
	for _, path := range shared.copies {
		_ = os.Remove(path) // twice in the list if two tests asked for it
	}
	shared.copies = nil
	if shared.tlsDir != "" {
		err = errors.Join(err, os.RemoveAll(shared.tlsDir))
	}
	return err
}

// Server is the cluster that the tests of this binary share.
func Server(t testing.TB) *cluster.Cluster {
	t.Helper()
	return start(t, "server", cluster.Options{}, nil)
}

// Second is another shared cluster, for tests whose source and target must be
// two servers.
func Second(t testing.TB) *cluster.Cluster {
	t.Helper()
	return start(t, "second", cluster.Options{}, nil)
}

// New starts a cluster for this test alone, removed when the test ends. Without
// programs in opts it runs those of Server.
func New(t testing.TB, opts cluster.Options) *cluster.Cluster {
	t.Helper()
	if opts.Programs.Bin == "" {
		opts.Programs = Programs(t)
	}
	c, err := cluster.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Programs are the newest of this machine, fetched if there are none. Their folder is put in front of PATH, so that
// what a test starts finds them too, wherever they lie.
func Programs(t testing.TB) cluster.Programs {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	programs, err := ensure()
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

// ensure runs with shared.mu held.
func ensure() (cluster.Programs, error) {
	if shared.programs.Bin == "" {
		programs, err := cluster.Ensure(context.Background(), os.Stderr)
		if err != nil {
			return cluster.Programs{}, err
		}
		if err := os.Setenv("PATH", programs.Bin+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
			return cluster.Programs{}, err
		}
		shared.programs = programs
	}
	return shared.programs, nil
}

// start returns the shared cluster of that name, started with opts and given to
// fill if it is not there yet. An error is not remembered: each test shows it.
func start(t testing.TB, name string, opts cluster.Options, fill func(*cluster.Cluster) error) *cluster.Cluster {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.serving {
		t.Fatal("pgtest: TestMain must call pgtest.Main, which removes the shared clusters")
	}
	if c := shared.clusters[name]; c != nil {
		return c
	}
	if opts.Programs.Bin == "" {
		programs, err := ensure()
		if err != nil {
			t.Fatal(err)
		}
		opts.Programs = programs
	}
	// not the test's own context: the cluster outlives the test
	c, err := cluster.Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if fill != nil {
		if err := fill(c); err != nil {
			t.Fatal(errors.Join(err, c.Remove()))
		}
	}
	if shared.clusters == nil {
		shared.clusters = map[string]*cluster.Cluster{}
	}
	shared.clusters[name] = c
	return c
}
