package plan

import (
	"slices"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// tables answers questions about tables and partition trees, in OIDs of the source.
type tables struct {
	source   *catalog.Source
	children map[uint32][]uint32
	made     map[uint32]bool // tables that the archive makes; others are an extension's
	data     map[uint32]int  // table to the dump id of its TABLE DATA entry
	viaRoot  map[uint32]bool // roots of trees with a partition that is loaded via the root
}

func newTables(toc *archive.TOC, source *catalog.Source) tables {
	t := tables{source: source, children: source.Children(), made: map[uint32]bool{}, data: map[uint32]int{}, viaRoot: map[uint32]bool{}}
	for i := range toc.Entries {
		e := &toc.Entries[i]
		switch e.Desc {
		case "TABLE":
			t.made[e.CatalogID.OID] = true
			continue
		case "TABLE DATA":
		default:
			continue
		}
		t.data[e.CatalogID.OID] = e.DumpID
		if into, _, err := archive.ParseCopyStmt(e.CopyStmt); err == nil && into != archive.QualifiedName(e.Namespace, e.Tag) {
			t.viaRoot[t.root(e.CatalogID.OID)] = true
		}
	}
	return t
}

// root is the topmost partitioned table above a partition, or the table itself.
func (t *tables) root(oid uint32) uint32 {
	for range 1000 { // deeper than PostgreSQL nests; ends on a damaged catalog too
		r := t.source.Relations[oid]
		if r == nil || r.Parent == 0 {
			break
		}
		oid = r.Parent
	}
	return oid
}

// loads are the dump ids of the TABLE DATA entries after which a table is complete: its own, those of all its
// partitions, and where rows go in through the root those of the whole tree.
func (t *tables) loads(oid uint32) []int {
	if root := t.root(oid); t.viaRoot[root] {
		oid = root
	}
	var ids []int
	var walk func(uint32)
	walk = func(o uint32) {
		if id, ok := t.data[o]; ok {
			ids = append(ids, id)
		}
		for _, c := range t.children[o] {
			walk(c)
		}
	}
	walk(oid)
	return ids
}

// dependencies fills Needs, Locks, AfterData, Table and the byte counts of what reads a table (pg_restore,
// fix_dependencies, repoint_table_dependencies, identify_locking_dependencies).
func (b *builder) dependencies() {
	configuration := -1
	for _, t := range b.plan.Tasks {
		if t.Kind == Rows && !b.tables.made[t.Relation] {
			// an extension's configuration tables have their foreign keys by now; pg_dump's order respects them, but
			// its dependencies do not say so
			if configuration >= 0 {
				t.Needs = append(t.Needs, configuration)
			}
			configuration = t.ID
		}
		for _, id := range t.Entry.Dependencies {
			t.Needs = append(t.Needs, b.byDump[id]...)
		}
		if t.Order == Parallel && t.Phase != Data {
			b.afterLoad(t)
		}
		slices.Sort(t.Needs)
		t.Needs = slices.DeleteFunc(slices.Compact(t.Needs), func(id int) bool {
			// parts of one entry may name each other; a forward reference can only be a circle that pg_dump broke
			return id == t.ID || b.plan.Tasks[id].Entry == t.Entry || b.plan.Tasks[id].Order > t.Order
		})
	}
}

// afterLoad makes a post-data task wait for the rows it is about.
func (b *builder) afterLoad(t *Task) {
	e := t.Entry
	for _, table := range b.tablesOf(e, 0) {
		if t.Table == "" {
			t.Table = displayName(table)
		}
		for _, load := range b.tables.loads(table.CatalogID.OID) {
			for _, id := range b.byDump[load] {
				t.Needs = append(t.Needs, id)
				t.Bytes += b.plan.Tasks[id].Bytes
			}
		}
		if e.Desc != "INDEX" { // CREATE INDEX does not exclude another one
			t.Locks = append(t.Locks, b.tables.root(table.CatalogID.OID))
		}
	}
	slices.Sort(t.Locks)
	t.Locks = slices.Compact(t.Locks)
	switch {
	case e.Desc == "INDEX", e.Desc == "INDEX ATTACH", e.Desc == "FK CONSTRAINT", e.Desc == "STATISTICS", buildsIndex(e):
	default:
		// triggers would fire, and NOT VALID checks would test, while rows of the table or of a child still arrive
		t.AfterData = true
	}
}

// tablesOf are the tables that an entry depends on, directly or through an index.
func (b *builder) tablesOf(e *archive.Entry, depth int) []*archive.Entry {
	var found []*archive.Entry
	for _, id := range e.Dependencies {
		d := b.toc.ByID(id)
		if d == nil {
			continue
		}
		switch d.Desc {
		case "TABLE", "MATERIALIZED VIEW":
			found = append(found, d)
		case "INDEX", "CONSTRAINT":
			if depth < 3 && e.Desc == "INDEX ATTACH" {
				found = append(found, b.tablesOf(d, depth+1)...)
			}
		}
	}
	return found
}
