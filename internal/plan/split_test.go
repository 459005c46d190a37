package plan_test

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// twoTables is an archive of s.a and s.b with rows, and e behind them, which depends on both.
func twoTables(e archive.Entry) *archive.TOC {
	e.DumpID, e.Namespace, e.Section, e.CatalogID.OID = 9, "s", archive.PostData, 90
	e.Dependencies = []int{1, 2}
	table := func(id int, name string) archive.Entry {
		return archive.Entry{
			DumpID: id, Desc: "TABLE", Tag: name, Namespace: "s", Section: archive.PreData, Defn: "CREATE TABLE", CatalogID: archive.CatalogID{OID: uint32(10 + id)},
		}
	}
	data := func(id int, name string) archive.Entry {
		return archive.Entry{
			DumpID: id, Desc: "TABLE DATA", Tag: name, Namespace: "s", Section: archive.DataSection, HadDumper: true,
			CopyStmt: "COPY s." + name + " (x) FROM stdin;\n", Dependencies: []int{id - 2}, CatalogID: archive.CatalogID{OID: uint32(10 + id - 2)},
		}
	}
	return &archive.TOC{Entries: []archive.Entry{table(1, "a"), table(2, "b"), data(3, "a"), data(4, "b"), e}}
}

func relations() map[uint32]*catalog.Relation {
	return map[uint32]*catalog.Relation{11: {OID: 11, Bytes: 1e6}, 12: {OID: 12, Bytes: 1e7}}
}

// made lists the tasks that are made of the last entry, and their statements.
func made(t *testing.T, toc *archive.TOC, source *catalog.Source, choices plan.Choices) (lines []string, tasks []*plan.Task) {
	t.Helper()
	p, err := plan.Build(toc, source, choices)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range p.Tasks {
		if task.Entry.DumpID == 9 {
			lines = append(lines, task.Desc+": "+strings.Join(task.Statements, "; "))
			tasks = append(tasks, task)
		}
	}
	return lines, tasks
}

func TestForeignKeysAreValidatedApart(t *testing.T) {
	const definition = `ALTER TABLE ONLY s.a
    ADD CONSTRAINT "to b" FOREIGN KEY (x) REFERENCES s.b(x)`
	whole := func(end string) []string { return []string{"FK CONSTRAINT: " + definition + end + ";\n"} }
	for name, c := range map[string]struct {
		end     string
		parted  uint32 // the partitioned one of the two tables
		version int
		want    []string
		period  bool
	}{
		"temporal": {version: 180000, want: whole(""), period: true},
		"plain":    {want: []string{"FK CONSTRAINT: " + definition + " NOT VALID", `VALIDATE: ALTER TABLE ONLY s.a VALIDATE CONSTRAINT "to b"`}},
		"deferrable": {end: " DEFERRABLE INITIALLY DEFERRED", want: []string{
			"FK CONSTRAINT: " + definition + " DEFERRABLE INITIALLY DEFERRED NOT VALID", `VALIDATE: ALTER TABLE ONLY s.a VALIDATE CONSTRAINT "to b"`,
		}},
		"not valid":                    {end: " NOT VALID", want: whole(" NOT VALID")},
		"not enforced":                 {end: " NOT ENFORCED", version: 180000, want: whole(" NOT ENFORCED")},
		"on a partitioned table":       {parted: 11, version: 170006, want: whole("")},
		"to a partitioned table":       {parted: 12, version: 170006, want: whole("")},
		"to a partitioned table in 18": {parted: 12, version: 180001, want: []string{"FK CONSTRAINT: " + definition + " NOT VALID", `VALIDATE: ALTER TABLE ONLY s.a VALIDATE CONSTRAINT "to b"`}},
	} {
		source := &catalog.Source{Relations: relations(), ForeignKeys: map[uint32]*catalog.ForeignKey{90: {Table: 11, Referenced: 12, Orphans: "SELECT orphans"}}}
		if c.period {
			source.ForeignKeys[90].Orphans = ""
		}
		if r := source.Relations[c.parted]; r != nil {
			r.Partitioned = true
		}
		toc := twoTables(archive.Entry{Desc: "FK CONSTRAINT", Tag: "a to b", Defn: definition + c.end + ";\n"})
		got, tasks := made(t, toc, source, plan.Choices{TargetVersion: c.version})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
			continue
		}
		last := tasks[len(tasks)-1]
		if checks := !strings.Contains(name, "not "); (last.Orphans != "") != (checks && !c.period) || checks && last.Bytes != 11e6 {
			t.Errorf("%s: its orphans are found by %q, it reads %d bytes", name, last.Orphans, last.Bytes)
		}
		if len(tasks) == 2 {
			wantLocks := []plan.Lock{{Relation: 11, Mode: plan.ShareUpdateExclusive}, {Relation: 12, Mode: plan.RowShare}}
			if tasks[0].Orphans != "" || !slices.Contains(last.Needs, tasks[0].ID) || len(last.Follows) != 2 || !slices.Equal(last.Locks, wantLocks) {
				t.Errorf("%s: adding %+v, validating %+v", name, tasks[0], last)
			}
		}
	}
}

func TestKeysAreMadeOfTheirIndexes(t *testing.T) {
	const (
		definition = "ALTER TABLE ONLY s.a\n    ADD CONSTRAINT \"A key\" PRIMARY KEY (x)"
		index      = `CREATE UNIQUE INDEX "A key" ON s.a USING btree (x) INCLUDE (y) WITH (fillfactor='50')`
		attach     = `CONSTRAINT: ALTER TABLE ONLY s.a ADD CONSTRAINT "A key" PRIMARY KEY USING INDEX "A key"`
	)
	cluster := "\n\nALTER TABLE s.a CLUSTER ON \"A key\";\n"
	for name, c := range map[string]struct {
		end  string
		key  catalog.Key
		want []string
	}{
		"plain":          {end: ";\n", key: catalog.Key{Definition: index}, want: []string{"INDEX: " + index, attach}},
		"deferrable":     {end: " DEFERRABLE;\n", key: catalog.Key{Definition: index, Deferrable: true}, want: []string{"INDEX: " + index, attach + " DEFERRABLE"}},
		"deferred":       {end: " DEFERRABLE INITIALLY DEFERRED;\n", key: catalog.Key{Definition: index, Deferrable: true, Deferred: true}, want: []string{"INDEX: " + index, attach + " DEFERRABLE INITIALLY DEFERRED"}},
		"clustered":      {end: ";" + cluster, key: catalog.Key{Definition: index}, want: []string{"INDEX: " + index, attach + "; " + strings.Trim(cluster, "\n;")}},
		"not attachable": {end: ";\n", want: []string{"CONSTRAINT: " + definition + ";\n"}},
	} {
		c.key.Index, c.key.Name = 70, "A key"
		source := &catalog.Source{
			Relations: relations(), Keys: map[uint32]*catalog.Key{90: &c.key}, Indexes: map[uint32]*catalog.Index{70: {Table: 11, Method: "btree", Bytes: 1e6}},
		}
		toc := twoTables(archive.Entry{Desc: "CONSTRAINT", Tag: "a A key", Defn: definition + c.end})
		toc.Entries[4].Dependencies = []int{1}
		got, tasks := made(t, toc, source, plan.Choices{})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
			continue
		}
		if tasks[0].Cost < 1e6*20 || len(tasks) == 2 && (tasks[1].Cost > tasks[0].Cost/5 || !slices.Contains(tasks[1].Needs, tasks[0].ID)) {
			t.Errorf("%s: building %+v, the rest %+v", name, tasks[0], tasks[len(tasks)-1])
		}
	}
}

// What is long comes first, with all that waits for it; ANALYZE waits for the indexes, and a failed one does not hold it up.
func TestRemaining(t *testing.T) {
	toc := twoTables(archive.Entry{Desc: "INDEX", Tag: "words", Defn: "CREATE INDEX words ON s.a USING gin (x);\n"})
	toc.Entries[4].Dependencies = []int{1}
	source := &catalog.Source{Relations: relations(), Indexes: map[uint32]*catalog.Index{90: {Table: 11, Method: "gin", Bytes: 5e6}}}
	p, err := plan.Build(toc, source, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	path := p.Remaining()
	a, b, index := find(t, p, "TABLE DATA", "a"), find(t, p, "TABLE DATA", "b"), find(t, p, "INDEX", "words")
	if path[a.ID] < path[b.ID] || path[a.ID] < a.Cost+index.Cost {
		t.Errorf("a, which feeds a long build: %g, b, which is larger: %g, the build: %g", path[a.ID], path[b.ID], index.Cost)
	}
	for _, task := range p.Tasks {
		if task.Desc == plan.Analyze && task.Name == "s.a" && (!slices.Contains(task.Follows, index.ID) || !slices.Contains(task.Follows, a.ID) || task.Needs != nil) {
			t.Errorf("ANALYZE of a needs %v and follows %v", task.Needs, task.Follows)
		}
	}
}
