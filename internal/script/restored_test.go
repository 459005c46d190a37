package script_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/script"
)

const fixtures = "../transfer/testdata/"

// psql runs a script as people do, and stops at the first error.
func psql(t *testing.T, p cluster.Programs, url, text string) {
	t.Helper()
	path, err := p.Path("psql")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname="+url)
	cmd.Stdin = strings.NewReader(text)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("psql: %v\n%.2000s", err, &errs)
	}
}

// The fixture restores into PostgreSQL 15, not into newer versions.
func TestRegressionFixture(t *testing.T) {
	t.Parallel()
	const dump = fixtures + "regression15.dump"
	p, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	text := scriptOf(t, bytes.NewReader(p), script.Options{})
	eachMajor(t, func(t *testing.T, programs cluster.Programs) {
		sameScript(t, programs.Version, "regression", text, pgRestore(t, programs, dump))
		if programs.Version != 15 {
			return
		}
		server := pgtest.New(t, cluster.Options{Programs: programs})
		src, dst := pgtest.DatabaseOn(t, server), pgtest.DatabaseOn(t, server)
		pgtest.Restore(t, src, dump)
		psql(t, programs, dst, text)
		pgtest.DBDiff(t, src, dst)
	})
}

// The kitchen sink has every kind of entry.
func TestKitchenSink(t *testing.T) {
	t.Parallel()
	eachMajor(t, func(t *testing.T, programs cluster.Programs) {
		server := pgtest.New(t, cluster.Options{Programs: pgtest.WithExtension(t, programs, fixtures+"extension")})
		src, dst := sink(t, server, "source"), server.URL("restored")
		dump := filepath.Join(t.TempDir(), "sink.dump")
		run(t, programs, "pg_dump", "--format=custom", "--file="+dump, src)
		p, err := os.ReadFile(dump)
		if err != nil {
			t.Fatal(err)
		}
		text := scriptOf(t, bytes.NewReader(p), script.Options{})
		sameScript(t, programs.Version, "kitchen sink", text, pgRestore(t, programs, dump))
		pgtest.Exec(t, server.URL("postgres"), "CREATE DATABASE restored")
		psql(t, programs, dst, text)
		pgtest.DBDiff(t, src, dst)
	})
}

// sink fills a database with the kitchen sink.
func sink(t *testing.T, c *cluster.Cluster, name string) (url string) {
	t.Helper()
	files, err := filepath.Glob(fixtures + "kitchensink/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no kitchen sink", err)
	}
	pgtest.Exec(t, c.URL("postgres"), "CREATE DATABASE "+name) // goes with its server: a subscription keeps it from being dropped
	url = c.URL(name)
	for i, f := range append([]string{fixtures + "roles.sql"}, files...) {
		sql, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		to := url
		if i == 0 {
			to = c.URL("postgres")
		}
		if err := pgtest.Run(t.Context(), to, string(sql)); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	return url
}
