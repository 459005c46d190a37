package transfer

import (
	osexec "os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
)

// entriesOf lists an archive's entries.
func entriesOf(t *testing.T, path string) []archive.Entry {
	t.Helper()
	f, err := archive.Open(path, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.TOC().Entries
}

// What a dump takes is what pg_dump takes with the same flags, entry by entry.
func TestDumpTakesWhatPgDumpTakes(t *testing.T) {
	t.Parallel()
	src := pgtest.DatabaseOn(t, pgtest.Server(t))
	pgtest.Exec(t, src, `CREATE SCHEMA chosen; CREATE TABLE chosen.a (id int PRIMARY KEY); CREATE TABLE chosen."B x" (id int);
		COMMENT ON TABLE chosen.a IS 'a'; GRANT SELECT ON chosen.a TO PUBLIC; INSERT INTO chosen.a VALUES (1);
		CREATE TABLE other (id serial PRIMARY KEY, a int REFERENCES chosen.a); INSERT INTO other (a) VALUES (1); CREATE INDEX ON other (a);
		CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM other; CREATE PUBLICATION p FOR TABLE other; SELECT lo_from_bytea(0, 'x');
		CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC; COMMENT ON FUNCTION f() IS 'f'`)
	program, err := pgtest.Programs(t).Path("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	for name, flags := range map[string]struct {
		args []string
		take Selection
	}{
		"all":           {nil, Selection{}},
		"schema":        {[]string{"--schema=chosen"}, Selection{Schemas: []string{"chosen"}}},
		"not schema":    {[]string{"--exclude-schema=ch*"}, Selection{ExcludeSchemas: []string{"ch*"}}},
		"table":         {[]string{`--table=chosen."B x"`, "--table=chosen.a"}, Selection{Tables: []string{`chosen."B x"`, "chosen.a"}}},
		"not table":     {[]string{"--exclude-table=chosen.a"}, Selection{ExcludeTables: []string{"chosen.a"}}},
		"not its data":  {[]string{"--exclude-table-data=chosen.*"}, Selection{ExcludeTableData: []string{"chosen.*"}}},
		"section":       {[]string{"--section=pre-data", "--section=data"}, Selection{Sections: []string{"pre-data", "data"}}},
		"post-data":     {[]string{"--section=post-data"}, Selection{Sections: []string{"post-data"}}},
		"schema only":   {[]string{"--schema-only"}, Selection{SchemaOnly: true}},
		"data only":     {[]string{"--data-only"}, Selection{DataOnly: true}},
		"as on Heroku":  {[]string{"--no-acl", "--no-owner", "--quote-all-identifiers"}, Selection{NoACL: true, NoOwner: true, QuoteAllIdentifiers: true}},
		"no this, that": {[]string{"--no-comments", "--no-publications", "--no-tablespaces"}, Selection{NoComments: true, NoPublications: true, NoTablespaces: true}},
	} {
		t.Run(name, func(t *testing.T) {
			want := filepath.Join(t.TempDir(), "want")
			args := append([]string{"--format=custom", "--compress=0", "--file=" + want, "--dbname=" + src}, flags.args...)
			if out, err := osexec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
				t.Fatalf("pg_dump: %v\n%s", err, out)
			}
			path, _ := dumpOK(t, DumpOptions{Source: src, Selection: flags.take, PgDump: program, Compression: &archive.Compression{Level: -1}})
			got, wanted := entriesOf(t, path), entriesOf(t, want)
			if len(got) != len(wanted) {
				t.Errorf("%d entries, want %d", len(got), len(wanted))
			}
			for i := range min(len(got), len(wanted)) {
				g, w := got[i], wanted[i]
				g.Offset, w.Offset, g.File, w.File = archive.Offset{}, archive.Offset{}, "", ""
				if !reflect.DeepEqual(g, w) {
					t.Fatalf("entry %d:\n%+v\nwant\n%+v", i, g, w)
				}
			}
		})
	}
}
