package verify_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/transfer"
	"pgsluice/internal/verify"
)

// fixtures are the databases that transfer's own tests copy.
const fixtures = "../transfer/testdata/"

func copied(t *testing.T, opt transfer.Options) {
	t.Helper()
	if result, err := transfer.Copy(t.Context(), opt); err != nil || result.Failed > 0 {
		t.Fatal(result.Failed, err)
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

// PostgreSQL's own regression database is equal to its copy.
func TestEqualRegression(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Restore(t, src, fixtures+"regression15.dump")
	copied(t, transfer.Options{Source: src, Target: dst})
	r := run(t, verify.Options{Source: src, Target: dst})
	wantEqual(t, r)
	if r.Tables < 100 || r.Rows < 100_000 || r.Entries < 1000 || r.Sequences == 0 {
		t.Errorf("only %d tables, %d rows, %d entries, %d sequences were compared", r.Tables, r.Rows, r.Entries, r.Sequences)
	}
}

// So is the kitchen sink, which has every kind of entry that there is.
func TestEqualKitchenSink(t *testing.T) {
	t.Parallel()
	programs := pgtest.WithExtension(t, pgtest.Programs(t), fixtures+"extension")
	var servers [2]*cluster.Cluster
	var starting sync.WaitGroup
	for i := range servers {
		starting.Go(func() { servers[i] = pgtest.New(t, cluster.Options{Programs: programs}) })
	}
	starting.Wait()
	var urls [2]string
	for i, c := range servers {
		runFile(t, c.URL("postgres"), fixtures+"roles.sql")
		pgtest.Exec(t, c.URL("postgres"), `CREATE DATABASE "kitchen sink"`)
		urls[i] = c.URL("kitchen sink")
	}
	files, err := filepath.Glob(fixtures + "kitchensink/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no kitchen sink", err)
	}
	for _, f := range files {
		runFile(t, urls[0], f)
	}
	copied(t, transfer.Options{Source: urls[0], Target: urls[1], Subscriptions: true})
	r := run(t, verify.Options{Source: urls[0], Target: urls[1], Choices: verify.Choices{Subscriptions: true}})
	wantEqual(t, r)
	foreign := false
	for _, n := range r.Notes {
		foreign = foreign || strings.HasPrefix(n.Object, "foreign table")
	}
	if !foreign || r.LargeObjects == 0 {
		t.Errorf("%d large objects; notes: %q", r.LargeObjects, r.Notes)
	}
}
