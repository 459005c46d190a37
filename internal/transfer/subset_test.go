package transfer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
)

// The three sections, one after the other, make what all make at once.
func TestRestoreInSections(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, restoredShop+`CREATE VIEW w AS SELECT * FROM a; CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM c;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fired''; END'; CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()`)
	path := dumpedBy(t, src, "directory")
	for _, section := range []archive.Section{archive.PreData, archive.DataSection, archive.PostData} {
		restoreOK(t, RestoreOptions{
			Path: path, Selection: archive.Selection{Sections: []archive.Section{section}}, Options: Options{Target: dst, Jobs: 2, NoAnalyze: true},
		})
	}
	pgtest.DBDiff(t, src, dst)

	// and again, rows and what stands behind them together, into tables that somebody else has made
	again := pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, again, "CREATE TABLE bystander (x int); INSERT INTO bystander VALUES (1)")
	for _, sections := range [][]archive.Section{{archive.PreData}, {archive.DataSection, archive.PostData}} {
		opt := RestoreOptions{Path: path, Selection: archive.Selection{Sections: sections}, Options: Options{Target: again, Jobs: 2}}
		if sections[0] == archive.PreData {
			_, err := Restore(t.Context(), opt)
			if mentions(t, err, "not empty"); !IsRefused(err) {
				t.Error(err)
			}
			pgtest.Exec(t, again, "DROP TABLE bystander")
		}
		restoreOK(t, opt)
	}
	pgtest.DBDiff(t, src, again)
}

// One table goes into a database that is in use, and nothing that is there is touched.
func TestRestoreOneTable(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, restoredShop)
	path := dumpedBy(t, src, "custom")
	pgtest.Exec(t, dst, "CREATE TABLE c (id int); INSERT INTO c VALUES (1)")
	one := RestoreOptions{Path: path, Selection: archive.Selection{Tables: []string{"a"}}, Options: Options{Target: dst, Jobs: 2}}
	restoreOK(t, one)
	for query, want := range map[string]int{
		"SELECT count(*) FROM a": 3000, "SELECT count(*) FROM c": 1, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'a'::regclass": 0,
	} {
		if got := pgtest.Scalar[int](t, dst, query); got != want {
			t.Errorf("%s: %d, not %d", query, got, want)
		}
	}
	_, err := Restore(t.Context(), one)
	if mentions(t, err, "public.a", "already"); !IsRefused(err) {
		t.Error(err)
	}
	one.Selection = archive.Selection{Schemas: []string{"nowhere"}}
	if _, err = Restore(t.Context(), one); !IsRefused(err) {
		t.Error(err)
	}
	one.Selection, one.Clean, one.Confirm = archive.Selection{Tables: []string{"a"}}, true, "x"
	_, err = Restore(t.Context(), one)
	if mentions(t, err, "--clean", "left out here"); !IsRefused(err) {
		t.Error(err)
	}
}

// A list decides about the entries and their order.
func TestChooseByList(t *testing.T) {
	t.Parallel()
	toc := &archive.TOC{}
	for id, desc := range []string{"", "TABLE", "TABLE", "TABLE DATA", "TABLE DATA", "ACL"} {
		if id > 0 {
			toc.Entries = append(toc.Entries, archive.Entry{
				DumpID: id, Desc: desc, Tag: fmt.Sprint("t", id), Section: archive.PreData, Defn: "x", HadDumper: desc == "TABLE DATA", CopyStmt: "COPY t FROM stdin;",
			})
		}
	}
	opt := RestoreOptions{Selection: archive.Selection{List: []int{4, 2}}}
	chosen, wanted, err := opt.choose(toc)
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	for _, e := range chosen.Entries {
		order = append(order, e.DumpID)
	}
	if !slices.Equal(order[:2], []int{4, 2}) || len(order) != 5 {
		t.Errorf("the order is %v", order)
	}
	for id, want := range map[int]bool{1: false, 2: true, 3: false, 4: true, 5: false} {
		if wanted[id] != want {
			t.Errorf("entry %d: %v", id, wanted[id])
		}
	}
	opt.Selection.List = []int{77}
	if _, _, err := opt.choose(toc); err == nil || !strings.Contains(err.Error(), "77") {
		t.Error(err)
	}
}

// Extensions that are made first take the place of the archive's own and of the comments on them.
func TestPreInstalledExtensions(t *testing.T) {
	t.Parallel()
	toc := &archive.TOC{Entries: []archive.Entry{
		{DumpID: 5, Desc: "EXTENSION", Tag: "hstore", Section: archive.PreData, Defn: "CREATE EXTENSION hstore"},
		{DumpID: 6, Desc: "COMMENT", Tag: "EXTENSION hstore", Section: archive.None, Defn: "COMMENT", Dependencies: []int{5}},
		{DumpID: 7, Desc: "EXTENSION", Tag: "uuid-ossp", Section: archive.PreData, Defn: "CREATE EXTENSION u"},
		{DumpID: 8, Desc: "COMMENT", Tag: `EXTENSION "uuid-ossp"`, Section: archive.None, Defn: "COMMENT", Dependencies: []int{7}},
		{DumpID: 9, Desc: "EXTENSION", Tag: "citext", Section: archive.PreData, Defn: "CREATE EXTENSION citext"},
	}}
	opt := RestoreOptions{Extensions: []PreInstalled{{Name: "hstore"}, {Schema: "Ext", Name: "uuid-ossp"}}}
	chosen, wanted, err := opt.choose(toc)
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, e := range chosen.Entries {
		if wanted[e.DumpID] {
			made = append(made, strings.ReplaceAll(strings.TrimSpace(e.Defn), "\n", " "))
		}
	}
	want := []string{
		"CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;",
		`CREATE SCHEMA IF NOT EXISTS "Ext"; CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA "Ext";`,
		"CREATE EXTENSION citext",
	}
	if !slices.Equal(made, want) {
		t.Errorf("made: %q", made)
	}
}
