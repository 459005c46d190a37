package script_test

import (
	"bytes"
	"fmt"
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
func psql(t *testing.T, url, text string) {
	t.Helper()
	path, err := pgtest.Programs(t).Path("psql")
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname="+url)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%.2000s", err, out)
	}
}

func TestRegressionFixture(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.Database(t), pgtest.DatabaseOn(t, pgtest.Second(t))
	const dump = fixtures + "regression15.dump"
	p, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	text := scriptOf(t, bytes.NewReader(p), script.Options{})
	for major := range found() {
		sameScript(t, major, "regression", text, pgRestore(t, major, dump))
	}
	pgtest.Restore(t, src, dump)
	psql(t, dst, text)
	pgtest.DBDiff(t, src, dst)
}

// The kitchen sink has every kind of entry. It is dumped by each pg_dump there is.
func TestKitchenSink(t *testing.T) {
	t.Parallel()
	servers := pgtest.Programs(t)
	programs := pgtest.WithExtension(t, servers, fixtures+"extension")
	server := pgtest.New(t, cluster.Options{Programs: programs})
	src := sink(t, server, "source")
	dumped := 0
	for major := range found() {
		if major < servers.Version {
			continue // pg_dump refuses newer servers
		}
		dumped++
		dump := filepath.Join(t.TempDir(), "sink.dump")
		run(t, program(t, major, "pg_dump"), "--format=custom", "--file="+dump, src)
		p, err := os.ReadFile(dump)
		if err != nil {
			t.Fatal(err)
		}
		text := scriptOf(t, bytes.NewReader(p), script.Options{})
		sameScript(t, major, "kitchen sink", text, pgRestore(t, major, dump))
		dst := fmt.Sprint("restored", major)
		pgtest.Exec(t, server.URL("postgres"), "CREATE DATABASE "+dst)
		dst = server.URL(dst)
		psql(t, dst, text)
		pgtest.DBDiff(t, src, dst)
	}
	if dumped == 0 {
		t.Skip("no pg_dump that is not older than the server")
	}
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
