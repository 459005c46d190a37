package archive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/pgtest"
)

// ofLargeObjects returns what a TOC says of large objects, in the order of the TOC.
func ofLargeObjects(toc *archive.TOC) (all []string) {
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if e.Desc != "BLOB" && !strings.HasPrefix(e.Tag, "LARGE OBJECT") {
			continue
		}
		var needs []string
		for _, id := range e.Dependencies {
			if d := toc.ByID(id); d != nil {
				needs = append(needs, d.Desc+" "+d.Tag)
			}
		}
		all = append(all, fmt.Sprintf("%s %s %v owner %q: %q %q needs %q", e.Desc, e.Tag, e.CatalogID, e.Owner, e.Defn, e.DropStmt, needs))
	}
	slices.Sort(all)
	return all
}

// pg_dump 15 has dumped the same database: what it says of large objects is what the archives of 17 and 18 must become.
func TestDowngradedLargeObjectsAreThoseOfPgDump15(t *testing.T) {
	want := readTOC(t, readFile(t, "testdata/golden/pg15.dump"))
	for _, name := range []string{"pg17", "pg18"} {
		from := readTOC(t, readFile(t, "testdata/golden/"+name+".dump"))
		for minor := byte(14); minor <= 15; minor++ {
			got, _, err := from.Downgrade(minor)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := strings.Join(ofLargeObjects(got), "\n"), strings.Join(ofLargeObjects(want), "\n"); a != b {
				t.Errorf("%s as 1.%d:\n%s\nnot\n%s", name, minor, a, b)
			}
			again := readTOC(t, archive.EncodeTOC(got)) // nothing in it that this version can't hold
			if len(again.Entries) != len(got.Entries) || again.Header.Version.Minor != minor {
				t.Errorf("%s as 1.%d: %d entries became %d", name, minor, len(got.Entries), len(again.Entries))
			}
			blob := slices.IndexFunc(got.Entries, func(e archive.Entry) bool { return e.Desc == "BLOB" })
			data := slices.IndexFunc(got.Entries, func(e archive.Entry) bool { return e.Section == archive.DataSection })
			if blob > data {
				t.Errorf("%s: large objects are made at %d, behind the first data at %d", name, blob, data)
			}
		}
	}
}

func TestDowngradeSaysWhatItLeavesOut(t *testing.T) {
	from := readTOC(t, readFile(t, "testdata/golden/pg18.dump"))
	before := archive.EncodeTOC(from)
	got, left, err := from.Downgrade(14)
	if err != nil {
		t.Fatal(err)
	}
	statistics := 0
	for i := range from.Entries {
		if from.Entries[i].Desc == "STATISTICS DATA" {
			statistics++
		}
	}
	if len(left) != statistics || statistics == 0 || !strings.HasPrefix(left[0], "STATISTICS DATA \"") {
		t.Errorf("%d statistics, left out: %q", statistics, left)
	}
	if e := find(t, got, "TABLE", "events"); e.RelKind != 0 || !e.Nulls.Has(archive.FieldTableAM) {
		t.Errorf("a partitioned table has no access method before 1.16: %+v", e)
	}
	if e := find(t, got, "TABLE", "events_2024"); e.TableAM != "heap2" {
		t.Errorf("a partition has: %+v", e)
	}
	if string(archive.EncodeTOC(from)) != string(before) {
		t.Error("the TOC itself was changed")
	}
	for _, minor := range []byte{13, 17} {
		if _, _, err := from.Downgrade(minor); err == nil {
			t.Errorf("1.16 as 1.%d", minor)
		}
	}
	if same, left, err := from.Downgrade(16); err != nil || len(left) > 0 || string(archive.EncodeTOC(same)) != string(before) {
		t.Errorf("1.16 as 1.16: %q, %v", left, err)
	}
}

func TestBadListOfLargeObjects(t *testing.T) {
	from := readTOC(t, readFile(t, "testdata/golden/pg17.dump"))
	find(t, from, "BLOB METADATA", "900001..900002").Defn = "900001\n0\n"
	if _, _, err := from.Downgrade(15); err == nil || !strings.Contains(err.Error(), `BLOB METADATA "900001..900002" (dump id `) {
		t.Errorf("%v", err)
	}
}

// What pg_restore 15 makes of a dump of 18's must be what it makes of one of 15's.
func TestDowngradedArchiveIsRestoredBy15(t *testing.T) {
	program(t, 15, "pg_restore")
	pgtest.Exec(t, pgtest.Server(t).URL("postgres"), `CREATE ROLE "golden owner"; CREATE ROLE golden_reader; CREATE ROLE "golden DB"`)
	var states []string
	for _, name := range []string{"pg15", "pg17", "pg18"} {
		url := pgtest.Database(t)
		path := convert(t, readFile(t, "testdata/golden/"+name+".dump"), func(toc *archive.TOC) *archive.TOC {
			if toc.Header.Version.Minor == 14 {
				return toc
			}
			lower, _, err := toc.Downgrade(14)
			if err != nil {
				t.Fatal(err)
			}
			return lower
		}, archive.FormatCustom)
		restore(t, 15, url, "-j2", path)
		states = append(states, fmt.Sprint(pgtest.Query(t, url, `SELECT m.oid, r.rolname, m.lomacl, obj_description(m.oid, 'pg_largeobject'), lo_get(m.oid)
			FROM pg_largeobject_metadata m JOIN pg_roles r ON r.oid = lomowner ORDER BY 1`)))
	}
	if states[0] != states[1] || states[0] != states[2] || !strings.Contains(states[0], "golden_reader=r") {
		t.Errorf("large objects:\n%s", strings.Join(states, "\n"))
	}
}
