package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// find gives the one task whose entry has that description and tag.
func find(t *testing.T, p *plan.Plan, desc, tag string) *plan.Task {
	t.Helper()
	var found *plan.Task
	for _, task := range p.Tasks {
		if task.Desc == desc && task.Entry.Tag == tag {
			if found != nil {
				t.Fatalf("two tasks of %s %s", desc, tag)
			}
			found = task
		}
	}
	if found == nil {
		t.Fatalf("no task of %s %s", desc, tag)
	}
	return found
}

// waitsFor reports whether a task begins after another one, directly or by way of others.
func waitsFor(p *plan.Plan, t, other *plan.Task) bool {
	if t.AfterData && other.Order == plan.Parallel && other.Phase == plan.Data {
		return true
	}
	return slices.ContainsFunc(slices.Concat(t.Needs, t.Follows), func(id int) bool { return id == other.ID || waitsFor(p, p.Tasks[id], other) })
}

// An index is built when its own table is loaded, and not when all the tree is; a foreign key waits for the whole trees on
// both of its sides; what fires or tests waits for all data.
func TestWhatWaitsForWhichRows(t *testing.T) {
	toc := readTOC(t, "shapes17")
	p := build(t, toc, plan.Choices{})
	for _, c := range []struct{ desc, tag, waits, doesNot string }{
		{"INDEX", "tree_high_only", "tree_high", "tree_low_a tree_low_b plain"},
		{"INDEX", "tree_low_a_note_idx", "tree_low_a", "tree_low_b tree_high"},
		{"INDEX", "tree_note", "", "tree_low_a tree_low_b tree_high"},
		{"CONSTRAINT", "tree tree_pkey", "", "tree_low_a tree_low_b tree_high"},
		{"CONSTRAINT", "tree_low_b tree_low_b_pkey", "tree_low_b", "tree_low_a tree_high"},
		{"INDEX ATTACH", "tree_low_b_pkey", "tree_low_b", "tree_low_a tree_high plain"},
		{"FK CONSTRAINT", "leaf_of_key to the tree", "leaf_of_key tree_low_a tree_low_b tree_high", "plain moods_0"},
		{"CONSTRAINT", "moods_0 moods_0_pkey", "moods_0 moods_1", "plain"}, // rows for it come from both
		{"STATISTICS", "plain_ab", "plain", "keyed"},
		{"TRIGGER", "plain touched", "plain keyed moods_0 tree_high", ""},
		{"RULE", "plain nothing", "plain keyed moods_0 tree_high", ""},
		{"CHECK CONSTRAINT", "plain plain_check", "plain keyed moods_0 tree_high", ""},
		{"POLICY", "plain everyone", "plain keyed moods_0 tree_high", ""},
		{"ROW SECURITY", "plain", "plain keyed moods_0 tree_high", ""},
		{"MATERIALIZED VIEW", "by_key", "plain keyed moods_0 tree_high", ""},
		{"INDEX", "by_key_word", "keyed", ""},
		{"INDEX", "summary_n_idx", "", "plain keyed"}, // its rows come with the refresh, at the end
	} {
		task := find(t, p, c.desc, c.tag)
		for table := range strings.FieldsSeq(c.waits) {
			if !waitsFor(p, task, find(t, p, "TABLE DATA", table)) {
				t.Errorf("%s %s does not wait for the rows of %s", c.desc, c.tag, table)
			}
		}
		for table := range strings.FieldsSeq(c.doesNot) {
			if waitsFor(p, task, find(t, p, "TABLE DATA", table)) {
				t.Errorf("%s %s waits for the rows of %s", c.desc, c.tag, table)
			}
		}
	}
}

// What an index or a check of a constraint reads is counted once, and nothing for what reads no rows.
func TestBytes(t *testing.T) {
	toc := readTOC(t, "shapes17")
	p := build(t, toc, plan.Choices{})
	rows := func(tables ...string) int64 {
		var n int64
		for _, table := range tables {
			n += find(t, p, "TABLE DATA", table).Bytes
		}
		return n
	}
	for _, c := range []struct {
		desc, tag string
		want      int64
	}{
		{"INDEX", "tree_high_note_idx", rows("tree_high")},
		{"INDEX", "moods_1 moods_1_pkey", rows("moods_1")},
		{"CONSTRAINT", "moods_1 moods_1_pkey", 0}, // its index is there
		{"ANALYZE", "tree", rows("tree_low_a", "tree_low_b", "tree_high")},
		{"CONSTRAINT", "tree tree_pkey", 0},
		{"INDEX ATTACH", "tree_high_pkey", 0},
		{"FK CONSTRAINT", "leaf_of_key to the tree", rows("leaf_of_key", "tree_low_a", "tree_low_b", "tree_high")},
		{"CHECK CONSTRAINT", "plain plain_check", 0}, // NOT VALID
		{"TRIGGER", "plain touched", 0},
		{"STATISTICS", "plain_ab", 0},
	} {
		if got := find(t, p, c.desc, c.tag).Bytes; got != c.want {
			t.Errorf("%s %s: %d bytes, not %d", c.desc, c.tag, got, c.want)
		}
	}
}

// exclude reports whether two tasks may not run at the same time.
func exclude(a, b *plan.Task) bool {
	return slices.ContainsFunc(a.Locks, func(x plan.Lock) bool {
		return slices.ContainsFunc(b.Locks, func(y plan.Lock) bool { return x.Relation == y.Relation && x.Mode.Conflicts(y.Mode) })
	})
}

// Tasks that lock one table exclude each other, partitions included where the statement goes down to them; the keys of
// two partitions are built at the same time.
func TestLocks(t *testing.T) {
	toc := readTOC(t, "shapes17")
	p := build(t, toc, plan.Choices{})
	key := find(t, p, "FK CONSTRAINT", "leaf_of_key to the tree")
	buildA, buildB := find(t, p, "INDEX", "tree_low_a tree_low_a_pkey"), find(t, p, "INDEX", "tree_low_b tree_low_b_pkey")
	a, b := find(t, p, "CONSTRAINT", "tree_low_a tree_low_a_pkey"), find(t, p, "CONSTRAINT", "tree_low_b tree_low_b_pkey")
	attachA, attachHigh := find(t, p, "INDEX ATTACH", "tree_low_a_pkey"), find(t, p, "INDEX ATTACH", "tree_high_note_idx")
	identity, cluster := find(t, p, "ALTER INDEX", "marked_a"), find(t, p, "ALTER INDEX", "marked_b")
	onRoot, onLeaf := find(t, p, "TRIGGER", "tree on_tree"), find(t, p, "TRIGGER", "tree_low_a on_tree")
	note, statistics := find(t, p, "INDEX", "tree_low_a_note_idx"), find(t, p, "ANALYZE", "tree")
	for _, c := range []struct {
		x, y *plan.Task
		want bool
	}{
		{note, buildA, false}, // two of one table
		{note, a, true},
		{note, statistics, true},
		{buildA, buildB, false},
		{key, statistics, true},
		{key, a, true},
		{key, b, true},
		{a, b, false},
		{attachA, attachHigh, true},
		{attachA, b, false},
		{attachA, a, true},
		{identity, cluster, true},
		{onRoot, onLeaf, true},
		{onRoot, b, true},
		{onLeaf, b, false},
		{onLeaf, key, true},
	} {
		if exclude(c.x, c.y) != c.want {
			t.Errorf("%s %s and %s %s exclude each other: not %v", c.x.Desc, c.x.Name, c.y.Desc, c.y.Name, c.want)
		}
	}
	if !waitsFor(p, onLeaf, onRoot) {
		t.Error("the state of a trigger on a partition is set before the trigger is made")
	}
}

// An index of a partitioned table that needs a function which comes after the data comes after the data too.
func TestEmptyIndexThatMustWait(t *testing.T) {
	entries := []archive.Entry{
		{DumpID: 1, Desc: "TABLE", Tag: "root", Namespace: "s", Section: archive.PreData, CatalogID: archive.CatalogID{OID: 11}},
		{DumpID: 2, Desc: "TABLE", Tag: "leaf", Namespace: "s", Section: archive.PreData, CatalogID: archive.CatalogID{OID: 12}},
		{DumpID: 3, Desc: "FUNCTION", Tag: "late()", Namespace: "s", Section: archive.PostData},
		{DumpID: 4, Desc: "INDEX", Tag: "i", Namespace: "s", Section: archive.PostData, Dependencies: []int{1, 3}},
	}
	for i := range entries {
		entries[i].Defn = "SELECT 1"
	}
	source := &catalog.Source{Relations: map[uint32]*catalog.Relation{11: {OID: 11}, 12: {OID: 12, Parent: 11}}}
	p, err := plan.Build(&archive.TOC{Entries: entries}, source, plan.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	index := find(t, p, "INDEX", "i")
	if index.Order != plan.Parallel || !slices.Contains(index.Needs, find(t, p, "FUNCTION", "late()").ID) {
		t.Errorf("%s, needs %v", orders[index.Order], index.Needs)
	}
}

// Configuration tables of extensions are loaded one after the other in pg_dump's order, since their foreign keys exist
// by then; only the rows that the extension's condition selects come along.
func TestConfigurationTables(t *testing.T) {
	entries := []archive.Entry{
		{DumpID: 1, Desc: "EXTENSION", Tag: "x", Section: archive.PreData, Defn: "CREATE EXTENSION x"},
		{DumpID: 2, Desc: "TABLE", Tag: "own", Namespace: "s", Section: archive.PreData, Defn: "CREATE TABLE s.own ()", CatalogID: archive.CatalogID{OID: 11}},
	}
	data := func(id int, tag string, oid uint32, columns string) {
		entries = append(entries, archive.Entry{
			DumpID: id, Desc: "TABLE DATA", Tag: tag, Namespace: "s", Section: archive.DataSection, HadDumper: true,
			CatalogID: archive.CatalogID{OID: oid}, CopyStmt: "COPY s." + archive.FormatIdent(tag) + " " + columns + " FROM stdin;\n", Dependencies: []int{1},
		})
	}
	data(3, "kinds", 21, "(a, b)")
	data(4, "own", 11, "(c)")
	data(5, "Rows", 22, `(a, "B")`)
	data(6, "nothing", 23, "")
	source := &catalog.Source{Relations: map[uint32]*catalog.Relation{
		11: {OID: 11}, 21: {OID: 21}, 22: {OID: 22, Filter: "WHERE a > 10"}, 23: {OID: 23, Filter: "WHERE true"},
	}}
	p, err := plan.Build(&archive.TOC{Entries: entries}, source, plan.Choices{NoAnalyze: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, task := range p.Tasks[2:] {
		got = append(got, fmt.Sprintf("%s %v %s", task.Name, task.Needs, task.CopyOut))
	}
	want := []string{
		"s.kinds [0] COPY s.kinds (a, b) TO STDOUT",
		"s.own [0] COPY s.own (c) TO STDOUT",
		`s."Rows" [0 2] COPY (SELECT a, "B" FROM s."Rows" WHERE a > 10) TO STDOUT`,
		"s.nothing [0 4] COPY (SELECT  FROM s.nothing WHERE true) TO STDOUT",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if in := p.Tasks[4].CopyIn; in != `COPY s."Rows" (a, "B") FROM STDIN` {
		t.Error(in)
	}
}
