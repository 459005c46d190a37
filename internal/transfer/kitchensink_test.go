package transfer

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// sinkServers are two servers that know the extension of testdata/extension and the roles of testdata/roles.sql.
func sinkServers(t *testing.T) (source, target *cluster.Cluster) {
	t.Helper()
	programs := pgtest.WithExtension(t, pgtest.Programs(t), "testdata/extension")
	both := [2]*cluster.Cluster{}
	var starting sync.WaitGroup
	for i := range both {
		starting.Go(func() { both[i] = pgtest.New(t, cluster.Options{Programs: programs}) })
	}
	starting.Wait()
	for _, c := range both {
		runFile(t, c.URL("postgres"), "testdata/roles.sql")
	}
	return both[0], both[1]
}

// fillSink builds the kitchen sink in a database.
func fillSink(t *testing.T, url string) {
	t.Helper()
	files, err := filepath.Glob("testdata/kitchensink/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no kitchen sink", err)
	}
	for _, f := range files {
		runFile(t, url, f)
	}
}

func runFile(t *testing.T, url, path string) {
	t.Helper()
	sql, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := pgtest.Run(t.Context(), url, string(sql)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// The kitchen sink has every kind of entry that pg_dump writes; the copy is equal to it.
func TestCopyKitchenSink(t *testing.T) {
	t.Parallel()
	source, target := sinkServers(t)
	const name = "kitchen sink"
	src, dst := source.URL(name), target.URL(name)
	for _, c := range []*cluster.Cluster{source, target} {
		pgtest.Exec(t, c.URL("postgres"), `CREATE DATABASE "kitchen sink"`)
	}
	fillSink(t, src)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4, Subscriptions: true})
	pgtest.DBDiff(t, src, dst, "-S")
}
