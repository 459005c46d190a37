package plan_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

var update = flag.Bool("update", false, "write the golden plans anew")

// shapes are the archives of testdata/README.md.
var shapes = []string{"shapes15", "shapes17", "shapes18"}

const regression = "regression15"

// readTOC reads a fixture by its name.
func readTOC(tb testing.TB, name string) *archive.TOC {
	tb.Helper()
	path := "testdata/" + name + ".dump"
	if name == regression {
		path = "../transfer/testdata/regression15.dump"
	}
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	toc, err := archive.ReadTOC(f, archive.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return toc
}

// sourceOf makes up what the catalogs of an archive's source said: the partitions by the ATTACH statements, and as many
// bytes in a table as its TABLE DATA entry's dump id.
func sourceOf(tb testing.TB, toc *archive.TOC) *catalog.Source {
	tb.Helper()
	s := &catalog.Source{
		Relations: map[uint32]*catalog.Relation{}, Keys: map[uint32]*catalog.Key{}, Indexes: map[uint32]*catalog.Index{},
		ForeignKeys: map[uint32]*catalog.ForeignKey{}, InvalidIndexes: []string{"public.broken"},
	}
	named := map[string]*catalog.Relation{}
	for i := range toc.Entries {
		switch e := &toc.Entries[i]; e.Desc {
		case "TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW":
			r := &catalog.Relation{OID: e.CatalogID.OID}
			r.Partitioned = e.RelKind == 'p' || strings.Contains(e.Defn, "\nPARTITION BY ")
			s.Relations[r.OID], named[archive.QualifiedName(e.Namespace, e.Tag)] = r, r
		case "INDEX":
			s.Indexes[e.CatalogID.OID] = &catalog.Index{Method: "btree", Bytes: 1000 * int64(e.DumpID)}
		case "CONSTRAINT":
			addKey(s, e, named)
		case "FK CONSTRAINT":
			addForeignKey(s, e, named)
		case "TABLE DATA":
			s.Relations[e.CatalogID.OID].Bytes = int64(e.DumpID)
		case "TABLE ATTACH":
			statement := strings.TrimPrefix(e.Defn, "ALTER TABLE ONLY ")
			parent, rest, _ := strings.Cut(statement, " ATTACH PARTITION ")
			child, _, ok := strings.Cut(rest, " FOR VALUES ")
			if !ok {
				child, _, ok = strings.Cut(rest, " DEFAULT;")
			}
			if !ok || named[parent] == nil || named[child] == nil {
				tb.Fatalf("attached partition in %q", e.Defn)
			}
			named[child].Parent = named[parent].OID
		}
	}
	return s
}

var (
	keyOf        = regexp.MustCompile(`^ALTER TABLE ONLY (\S+|.*"\."[^"]+"|"[^"]+"\.\S+)\s+ADD CONSTRAINT ("[^"]+"|\S+) (?:PRIMARY KEY|UNIQUE) (\(.*\))( DEFERRABLE)?( INITIALLY DEFERRED)?;`)
	foreignKeyOf = regexp.MustCompile(`^ALTER TABLE (?:ONLY )?(\S+|"[^"]+"\.\S+|"[^"]+"\."[^"]+")\s+ADD CONSTRAINT .* REFERENCES ("[^"]+"\."[^"]+"|"[^"]+"\.[^\s("]+|[^\s("]+)\(`)
)

// addKey makes up a key that can be made of an index, where the statement shows a plain one.
func addKey(s *catalog.Source, e *archive.Entry, named map[string]*catalog.Relation) {
	m := keyOf.FindStringSubmatch(e.Defn)
	if len(m) == 0 || named[m[1]] == nil || named[m[1]].Partitioned {
		return
	}
	s.Keys[e.CatalogID.OID] = &catalog.Key{
		Name: strings.Trim(m[2], `"`), Definition: "CREATE UNIQUE INDEX " + m[2] + " ON " + m[1] + " USING btree " + m[3],
		Deferrable: m[4] != "", Deferred: m[5] != "",
	}
}

func addForeignKey(s *catalog.Source, e *archive.Entry, named map[string]*catalog.Relation) {
	m := foreignKeyOf.FindStringSubmatch(e.Defn)
	if len(m) == 0 || named[m[1]] == nil || named[m[2]] == nil {
		return
	}
	s.ForeignKeys[e.CatalogID.OID] = &catalog.ForeignKey{Table: named[m[1]].OID, Referenced: named[m[2]].OID, Orphans: "SELECT 1"}
}

func build(tb testing.TB, toc *archive.TOC, choices plan.Choices) *plan.Plan {
	tb.Helper()
	if choices.TargetDatabase == "" {
		choices.TargetDatabase = "the target"
	}
	p, err := plan.Build(toc, sourceOf(tb, toc), choices)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

var (
	orders = map[plan.Order]string{plan.Before: "before", plan.Parallel: "parallel", plan.After: "after"}
	modes  = map[plan.LockMode]string{
		plan.RowShare: "(row share)", plan.ShareUpdateExclusive: "(share update exclusive)", plan.Share: "(share)",
		plan.ShareRowExclusive: "(share row exclusive)", plan.AccessExclusive: "(access exclusive)",
	}
	phases = map[plan.Phase]string{
		plan.Schema: "schema", plan.Data: "data", plan.Indexes: "indexes", plan.Constraints: "constraints", plan.Finish: "finish",
	}
)

// show prints a task: a line of its place in the order, and a line for each statement that is not simply the entry's.
func show(toc *archive.TOC, t *plan.Task) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s: %s %s", t.ID, orders[t.Order], phases[t.Phase], t.Desc, t.Name)
	if t.Table != "" && t.Table != t.Name {
		fmt.Fprintf(&b, " | of %s", t.Table)
	}
	if len(t.Needs) > 0 {
		fmt.Fprintf(&b, " | needs %v", t.Needs)
	}
	if len(t.Follows) > 0 {
		fmt.Fprintf(&b, " | follows %v", t.Follows)
	}
	if t.AfterData {
		b.WriteString(" | after data")
	}
	for _, lock := range t.Locks {
		for i := range toc.Entries {
			if e := &toc.Entries[i]; e.Desc == "TABLE" && e.CatalogID.OID == lock.Relation {
				fmt.Fprintf(&b, " | locks %s %s", archive.QualifiedName(e.Namespace, e.Tag), modes[lock.Mode])
			}
		}
	}
	if t.Bytes > 0 {
		fmt.Fprintf(&b, " | %d bytes", t.Bytes)
	}
	b.WriteString("\n")
	line := func(s string) { b.WriteString("\t" + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n\t") + "\n") }
	for _, sql := range t.Statements {
		if sql == t.Entry.Defn {
			sql = "…"
		}
		if len(t.Statements) > 1 || sql != "…" {
			line(sql)
		}
	}
	for _, sql := range []string{t.Owner, t.CopyOut, t.CopyIn} {
		if sql != "" {
			line(sql)
		}
	}
	return b.String()
}

// check compares a plan's text with the golden of that name.
func check(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".plan"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(want, []byte(got)) {
		return
	}
	wanted := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(wanted) || line != wanted[i] {
			t.Fatalf("%s: line %d is not as in the golden plan, but\n%s", path, i+1, line)
		}
	}
	t.Fatalf("%s: the plan ends before the golden one", path)
}

func TestGoldenShapes(t *testing.T) {
	for _, name := range shapes {
		t.Run(name, func(t *testing.T) {
			toc := readTOC(t, name)
			p := build(t, toc, plan.Choices{})
			var b strings.Builder
			for _, task := range p.Tasks {
				b.WriteString(show(toc, task))
			}
			for _, l := range p.LeftOut {
				fmt.Fprintf(&b, "left out: %s: %s\n", l.Object, l.Reason)
			}
			fmt.Fprintf(&b, "roles: %q\n", p.Roles())
			check(t, name, b.String())
		})
	}
}

// The plan of PostgreSQL's regression database is too long to be read: here are its outline, and what stands around
// partitions, foreign keys to them, and rows that go in through a root.
func TestGoldenRegression(t *testing.T) {
	toc := readTOC(t, regression)
	p := build(t, toc, plan.Choices{})
	outline := map[string]int{}
	var shown strings.Builder
	interesting := map[int]bool{}
	for _, task := range p.Tasks {
		outline[orders[task.Order]+" "+phases[task.Phase]+": "+task.Desc]++
		through := task.Kind == plan.Rows && !strings.HasPrefix(task.CopyIn, "COPY "+task.Name+" ")
		waits := slices.ContainsFunc(task.Needs, func(id int) bool { return interesting[id] })
		switch {
		case through, waits, task.Phase > plan.Data && slices.Contains([]string{"fkpart4", "fkpart5"}, task.Entry.Namespace):
			interesting[task.ID] = interesting[task.ID] || through
			shown.WriteString(show(toc, task))
		}
	}
	var b strings.Builder
	for _, line := range slices.Sorted(maps.Keys(outline)) {
		fmt.Fprintf(&b, "%d × %s\n", outline[line], line)
	}
	fmt.Fprintf(&b, "%d relations, %d tasks\nroles: %q\n\n%s", len(p.Relations()), len(p.Tasks), p.Roles(), shown.String())
	check(t, regression, b.String())
}
