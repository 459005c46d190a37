package convert_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/cluster"
	"pgsluice/internal/convert"
	"pgsluice/internal/pgtest"
)

// made has what archives of version 1.14 hold otherwise than newer ones, and rows of several pieces.
const made = `
	CREATE TABLE orders (id int PRIMARY KEY, note text, doc bytea);
	INSERT INTO orders SELECT g, repeat(md5(g::text), 3), NULL FROM generate_series(1, 40000) g;
	INSERT INTO orders SELECT -1, repeat('long ', 700000), decode(repeat('00ff5c2e0a', 300000), 'hex');
	CREATE TABLE lines (o int REFERENCES orders, n numeric, t text);
	INSERT INTO lines SELECT g, g / 3.0, E'\\.\n\\N\t' || g FROM generate_series(1, 1000) g;
	CREATE TABLE events (at date) PARTITION BY RANGE (at);
	CREATE TABLE events_old PARTITION OF events DEFAULT;
	INSERT INTO events SELECT '2024-01-01'::date + g FROM generate_series(1, 500) g;
	SELECT lo_from_bytea(g, decode(repeat(md5(g::text), g), 'hex')) FROM generate_series(5000, 5200) g;
	ALTER LARGE OBJECT 5003 OWNER TO clerk;
	GRANT SELECT ON LARGE OBJECT 5000, 5001, 5002 TO clerk;
	COMMENT ON LARGE OBJECT 5001 IS 'one of them';
	CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM lines;
	GRANT SELECT ON orders, totals TO clerk`

// A dump of pg_dump 18 with zstd, made over for it, is restored by pg_restore 15 into a server 15; pgsluice's own form of it
// through psql, too.
func TestNewDumpIntoAnOldServer(t *testing.T) {
	t.Parallel()
	young, old := pgtest.ProgramsOf(t, 18, cluster.Complete), pgtest.ProgramsOf(t, 15, cluster.Complete)
	source, target := pgtest.New(t, cluster.Options{Programs: young}), pgtest.New(t, cluster.Options{Programs: old})
	src, dst, dst2 := pgtest.DatabaseOn(t, source), pgtest.DatabaseOn(t, target), pgtest.DatabaseOn(t, target)
	for _, c := range []*cluster.Cluster{source, target} {
		pgtest.Exec(t, c.URL("postgres"), "CREATE ROLE clerk")
	}
	pgtest.Exec(t, src, made)
	dir := t.TempDir()
	dump, lowered, text := filepath.Join(dir, "new.dump"), filepath.Join(dir, "old.dump"), filepath.Join(dir, "plain.sql")
	execute(t, young, "pg_dump", "--format=custom", "--compress=zstd", "--file="+dump, src)
	run(t, convert.Options{Path: dump, Output: lowered, Minor: 14, Compression: &archive.Compression{Algorithm: archive.Gzip, Level: -1}})
	execute(t, old, "pg_restore", "--exit-on-error", "--dbname="+dst, lowered)
	pgtest.DBDiff(t, src, dst, "-d") // of schemas, two majors say different things
	run(t, convert.Options{Path: lowered, Output: text, Format: convert.Plain})
	execute(t, old, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file="+text, dst2)
	pgtest.DBDiff(t, src, dst2, "-d")
}

func execute(t *testing.T, p cluster.Programs, name string, args ...string) {
	t.Helper()
	path, err := p.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%.3000s", name, err, out)
	}
}
