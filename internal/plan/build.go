package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// largeObjectsPerTask bounds a transaction that writes large objects: each takes a lock on the target (FACTS.md 12).
const largeObjectsPerTask = 1000

type builder struct {
	toc     *archive.TOC
	source  *catalog.Source
	choices Choices
	plan    *Plan
	byDump  map[int][]int // dump id to the tasks made of that entry
	tables  tables
	formats *formats
	// merges says that the rows of a table's parts come together in one place, whatever table they are loaded into.
	merges bool

	triggers map[uint32][]int // table to the tasks of its triggers
	before   map[uint32][]int // table to the tasks that its ANALYZE follows
	analyzed map[uint32]int   // table to the task of its ANALYZE
	keys     map[uint32][]int // table to the tasks of the foreign keys on and to it
	readers  map[uint32][]int // table to the tasks that read its rows on the target
}

// Build makes the plan. It fails on an archive that no pg_dump writes.
func Build(toc *archive.TOC, source *catalog.Source, choices Choices) (*Plan, error) {
	b := &builder{
		toc: toc, source: source, choices: choices, byDump: make(map[int][]int, len(toc.Entries)), triggers: map[uint32][]int{},
		before: map[uint32][]int{}, keys: map[uint32][]int{}, readers: map[uint32][]int{}, plan: &Plan{},
	}
	b.tables, b.formats = newTables(toc, source), newFormats(choices.Formats)
	section := archive.PreData
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if e.Section != archive.None {
			section = e.Section
		}
		ok, reason := choices.wanted(e)
		if reason != "" {
			b.plan.LeftOut = append(b.plan.LeftOut, LeftOut{strings.ToLower(e.Desc) + " " + displayName(e), reason})
		}
		if !ok {
			continue
		}
		if err := b.add(e, section); err != nil {
			return nil, fmt.Errorf("toc entry %d: %s %s: %w", e.DumpID, e.Desc, displayName(e), err)
		}
	}
	if !choices.DataOnly {
		for _, name := range source.InvalidIndexes {
			b.plan.LeftOut = append(b.plan.LeftOut, LeftOut{
				"index " + name,
				"it is invalid on the source: a CREATE INDEX CONCURRENTLY has failed or is not finished",
			})
		}
	}
	b.addAnalyze()
	b.sort()
	b.dependencies()
	if !choices.Keyless {
		b.addKeys()
	}
	if choices.Archived {
		b.plan.builder = b
	}
	return b.plan, nil
}

func (b *builder) add(e *archive.Entry, section archive.Section) error {
	t := Task{Entry: e, Desc: e.Desc, Name: displayName(e), Phase: phase(e, section), Order: order(e, section)}
	if table := b.emptyIndex(e); table != nil {
		t.Order, t.Table = Before, displayName(table)
	}
	switch {
	case e.Desc == "TABLE DATA":
		return b.rows(&t)
	case e.Desc == "BLOBS":
		b.objects(e, b.contents(e))
		return nil
	case e.HadDumper:
		return fmt.Errorf("data of a kind that is not known here")
	default:
		if err := b.statements(&t); err != nil {
			return err
		}
	}
	for _, part := range b.split(&t) {
		b.append(part)
	}
	if e.Desc == "MATERIALIZED VIEW DATA" && !b.choices.NoAnalyze {
		b.plan.Tasks = append(b.plan.Tasks, analyze(e, After, Finish, 0))
	}
	return nil
}

// objects makes the tasks that copy large objects.
func (b *builder) objects(e *archive.Entry, oids []uint32) {
	each := largeObjectsPerTask
	if b.choices.Archived {
		each = max(len(oids), 1)
	}
	for part := range slices.Chunk(oids, each) {
		name := fmt.Sprintf("large object %d", part[0])
		if len(part) > 1 {
			name = fmt.Sprintf("large objects %d to %d", part[0], part[len(part)-1])
		}
		b.append(&Task{Entry: e, Desc: e.Desc, Name: name, Phase: Data, Order: Parallel, Kind: LargeObjects, OIDs: part})
	}
}

func (b *builder) append(t *Task) {
	t.ID = len(b.plan.Tasks)
	b.plan.Tasks = append(b.plan.Tasks, t)
	b.byDump[t.Entry.DumpID] = append(b.byDump[t.Entry.DumpID], t.ID)
}

// contents lists the large objects whose contents a BLOBS entry holds: those of the BLOB METADATA that it depends on
// (pg_dump 17 and newer), else all BLOB entries.
func (b *builder) contents(e *archive.Entry) []uint32 {
	var oids []uint32
	for _, id := range e.Dependencies {
		if d := b.toc.ByID(id); d != nil && d.Desc == "BLOB METADATA" {
			group, _ := d.LargeObjects() // its own statements tell what can't be read
			oids = append(oids, group...)
		}
	}
	if oids != nil {
		return oids
	}
	for i := range b.toc.Entries {
		if d := &b.toc.Entries[i]; d.Desc == "BLOB" {
			if oid, err := strconv.ParseUint(d.Tag, 10, 32); err == nil {
				oids = append(oids, uint32(oid))
			}
		}
	}
	return oids
}

// sort puts ANALYZE behind what else there is in data and post-data, then the foreign keys with what depends on them,
// row security, then the After tasks in the order of their passes, and numbers anew. Otherwise the order stays that of the archive.
func (b *builder) sort() {
	late := map[int]bool{} // dump ids of foreign keys and of what needs them
	var ranks [7][]*Task
	for _, t := range b.plan.Tasks {
		needsLate := slices.ContainsFunc(t.Entry.Dependencies, func(id int) bool { return late[id] })
		rank := 0
		switch {
		case t.Order == After:
			rank = 4 + pass(t.Entry)
		case t.Desc == "ROW SECURITY": // it would bind the owner who validates foreign keys
			rank = 3
		case t.Desc == Analyze:
			rank = 1
		case t.Order == Parallel && (t.Entry.Desc == "FK CONSTRAINT" || needsLate):
			late[t.Entry.DumpID], rank = true, 2
		}
		ranks[rank] = append(ranks[rank], t)
	}
	b.plan.Tasks = slices.Concat(ranks[:]...)
	b.sortTriggers()
	clear(b.byDump)
	for i, t := range b.plan.Tasks {
		t.ID = i
		if t.Desc != Analyze { // nobody who needs a table's entry needs its statistics
			b.byDump[t.Entry.DumpID] = append(b.byDump[t.Entry.DumpID], i)
		}
	}
}

// displayName is how messages name an entry: schema and tag, quoted only where it must be.
func displayName(e *archive.Entry) string {
	if e.Namespace == "" || e.Desc == "SCHEMA" {
		return e.Tag
	}
	switch e.Desc {
	case "TABLE", "TABLE DATA", "VIEW", "MATERIALIZED VIEW", "MATERIALIZED VIEW DATA", "SEQUENCE", "SEQUENCE SET", "FOREIGN TABLE",
		"INDEX", "INDEX ATTACH", "TABLE ATTACH", "TYPE", "DOMAIN", "STATISTICS":
		return archive.QualifiedName(e.Namespace, e.Tag)
	}
	schema := archive.FormatIdent(e.Namespace) + "."
	m := kindAndName.FindStringSubmatch(e.Tag)
	if m == nil || e.Desc != "ACL" && e.Desc != "COMMENT" && e.Desc != "SECURITY LABEL" {
		return schema + e.Tag
	}
	kind, name := strings.ToLower(m[1]), m[2]
	if on := strings.LastIndex(name, " ON "); on >= 0 && slices.Contains([]string{"constraint ", "policy ", "rule ", "trigger "}, kind) {
		return kind + name[:on] + " on " + schema + name[on+len(" ON "):]
	}
	return kind + schema + name
}

// kindAndName parts the tag of what is said about an object: TABLE orders, COLUMN orders.id, TRIGGER t ON orders.
var kindAndName = regexp.MustCompile(`^((?:[A-Z]+ )+)(.+)$`)
