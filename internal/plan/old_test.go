package plan_test

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
)

// Archives before 1.13 leave the schema of their own entry out: each statement gets the search_path that it was written for, also those that
// are made of a key or a foreign key, and rows go where they belong.
func TestUnqualifiedNamesOfOldArchives(t *testing.T) {
	entry := func(id int, desc, tag, defn string, section archive.Section, depends ...int) archive.Entry {
		return archive.Entry{DumpID: id, Desc: desc, Tag: tag, Namespace: "Old", Defn: defn, Section: section, Dependencies: depends}
	}
	a := entry(1, "TABLE", "a", "CREATE TABLE a (id integer NOT NULL);\n", archive.PreData)
	a.CatalogID.OID = 20001
	b := entry(2, "TABLE", "b", "CREATE TABLE b (a integer);\n", archive.PreData)
	b.CatalogID.OID = 20002
	rows := entry(3, "TABLE DATA", "a", "", archive.DataSection, 1)
	rows.HadDumper, rows.CopyStmt, rows.CatalogID.OID = true, "COPY a (id) FROM stdin;\n", 20001
	key := entry(4, "CONSTRAINT", "a a_pkey", "ALTER TABLE ONLY a\n    ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n", archive.PostData, 1)
	key.CatalogID.OID = 20003
	foreign := entry(5, "FK CONSTRAINT", "b b_a_fkey", "ALTER TABLE ONLY b\n    ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES a(id);\n", archive.PostData, 2, 4)
	foreign.CatalogID.OID = 20004
	toc := &archive.TOC{Header: archive.Header{Version: archive.Version{Major: 1, Minor: 12}}, Entries: []archive.Entry{a, b, rows, key, foreign}}
	p, err := plan.Build(toc, plan.SourceOf(toc, nil), plan.Choices{TargetDatabase: "d", TargetVersion: 150000, Archived: true, NoAnalyze: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, task := range p.Tasks {
		if task.Kind == plan.Rows {
			got = append(got, task.CopyIn)
			continue
		}
		if task.Statements[0] != `SET LOCAL search_path = "Old", pg_catalog` {
			t.Errorf("%s %s begins with %q", task.Desc, task.Name, task.Statements[0])
		}
		got = append(got, strings.Join(strings.Fields(strings.Join(task.Statements[1:], " ")), " "))
	}
	want := []string{
		"CREATE TABLE a (id integer NOT NULL);", "CREATE TABLE b (a integer);", `COPY "Old".a (id) FROM STDIN`,
		"CREATE UNIQUE INDEX a_pkey ON a USING btree (id)", "ALTER TABLE ONLY a ADD CONSTRAINT a_pkey PRIMARY KEY USING INDEX a_pkey",
		"ALTER TABLE ONLY b ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES a(id) NOT VALID", "ALTER TABLE ONLY b VALIDATE CONSTRAINT b_a_fkey",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
