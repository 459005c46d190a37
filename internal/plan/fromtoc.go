package plan

import (
	"regexp"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// SourceOf makes of a table of contents what the catalogs of a live source would say, as far as a plan needs it: which tables are
// partitions of which, what the keys' indexes are, what foreign keys refer to. sizes are about how many bytes of text the rows
// of an entry take, by its dump id; a table without one is of unknown size, and may be large.
//
// What the text does not show for certain is left out, and the plan then does what the archive says, in one piece. Names
// stand in the text as pg_dump quotes them, in archives before 1.13 without the schema that their entry is in.
func SourceOf(toc *archive.TOC, sizes map[int]int64) *catalog.Source {
	s := &fromTOC{
		named: map[qualified]*catalog.Relation{}, foreign: map[*catalog.Relation]bool{}, sizes: sizes, next: ^uint32(0),
		source: &catalog.Source{
			Relations: map[uint32]*catalog.Relation{}, Indexes: map[uint32]*catalog.Index{}, Keys: map[uint32]*catalog.Key{},
			ForeignKeys: map[uint32]*catalog.ForeignKey{},
		},
	}
	for i := range toc.Entries {
		s.relation(&toc.Entries[i])
	}
	for i := range toc.Entries {
		s.inheritance(&toc.Entries[i])
	}
	s.passForeign()
	for i := range toc.Entries {
		switch e := &toc.Entries[i]; e.Desc {
		case "TABLE DATA":
			s.size(e)
		case "INDEX":
			s.index(e)
		case "CONSTRAINT":
			s.key(e)
		case "FK CONSTRAINT":
			s.foreignKey(e)
		}
	}
	s.guessIndexes()
	return s.source
}

// qualified is a relation's name, not quoted.
type qualified struct{ schema, name string }

// edge leads from a partition or child to what it is one of.
type edge struct{ child, parent *catalog.Relation }

type fromTOC struct {
	source  *catalog.Source
	named   map[qualified]*catalog.Relation
	foreign map[*catalog.Relation]bool
	edges   []edge
	sizes   map[int]int64
	next    uint32 // stands for the OID of a key's index, which an archive does not have; from above
}

const (
	oneName    = `(?:"(?:[^"]|"")*"|[^\s".,()]+)`
	tableName  = `(?:` + oneName + `\.)?` + oneName
	columnList = `\(((?:[^")]|"(?:[^"]|"")*")*)\)`
)

var (
	partitionOf = regexp.MustCompile(`^CREATE (?:UNLOGGED )?TABLE ` + tableName + ` PARTITION OF (` + tableName + `)\s`) // pg_dump 10
	attach      = regexp.MustCompile(`^ALTER TABLE ONLY (` + tableName + `) ATTACH PARTITION (` + tableName + `) `)
	inherits    = regexp.MustCompile(`\)\nINHERITS ` + columnList)
	nameIn      = regexp.MustCompile(tableName)
	indexOn     = regexp.MustCompile(`^CREATE (?:UNIQUE )?INDEX ` + oneName + ` ON (?:ONLY )?(` + tableName + `) USING (` + oneName + `) \(`)
	plainKey    = regexp.MustCompile(`^ALTER TABLE ONLY (` + tableName + `)\s+ADD CONSTRAINT (` + oneName + `) (?:PRIMARY KEY|UNIQUE)( NULLS NOT DISTINCT)? (` + columnList + `)( INCLUDE ` + columnList + `)?( WITH \([^()]*\))?( DEFERRABLE)?( INITIALLY DEFERRED)?$`)
	referring   = regexp.MustCompile(`^ALTER TABLE (?:ONLY )?(` + tableName + `)\s+ADD CONSTRAINT ` + oneName + ` FOREIGN KEY ` + columnList + ` REFERENCES (` + tableName + `)` + columnList + `( MATCH FULL)?`)
)

// name takes a name apart; one without a schema is of the entry's.
func (s *fromTOC) name(e *archive.Entry, text string) qualified {
	parts := nameParts.FindAllString(text, 2)
	if len(parts) < 2 {
		return qualified{e.Namespace, unquote(text)}
	}
	return qualified{unquote(parts[0]), unquote(parts[1])}
}

var nameParts = regexp.MustCompile(oneName)

func (s *fromTOC) relation(e *archive.Entry) {
	switch e.Desc {
	case "TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW":
	default:
		return
	}
	r := &catalog.Relation{
		OID: e.CatalogID.OID, Name: archive.QualifiedName(e.Namespace, e.Tag),
		Unlogged:    strings.HasPrefix(e.Defn, "CREATE UNLOGGED TABLE "),
		Partitioned: e.RelKind == archive.PartitionedTable || e.RelKind == 0 && strings.Contains(e.Defn, "\nPARTITION BY "),
	}
	s.source.Relations[r.OID] = r
	s.named[qualified{e.Namespace, e.Tag}] = r
	if e.Desc == "FOREIGN TABLE" {
		s.foreign[r] = true
	}
	if e.Desc == "TABLE" && !r.Partitioned && (e.TableAM == "" || e.TableAM == "heap") {
		r.Heap = freezeFrom // unless its size is known
	}
}

// inheritance finds out whose partition or child a table is: pg_dump 14 and newer attach partitions in an entry of its own, 11 to 13 in
// the table's, and 10 made them as such.
func (s *fromTOC) inheritance(e *archive.Entry) {
	child := s.source.Relations[e.CatalogID.OID]
	switch e.Desc {
	case "TABLE ATTACH":
		child = nil
	case "TABLE", "FOREIGN TABLE":
	default:
		return
	}
	if m := partitionOf.FindStringSubmatch(e.Defn); m != nil {
		s.partition(child, s.named[s.name(e, m[1])])
	}
	if strings.Contains(e.Defn, " ATTACH PARTITION ") {
		for _, sql := range archive.SplitStatements(e.Defn) {
			if m := attach.FindStringSubmatch(sql); m != nil {
				s.partition(s.named[s.name(e, m[2])], s.named[s.name(e, m[1])])
			}
		}
	}
	m := inherits.FindStringSubmatch(e.Defn)
	if m == nil || child == nil {
		return
	}
	for _, name := range nameIn.FindAllString(m[1], -1) {
		if parent := s.named[s.name(e, name)]; parent != nil {
			parent.Heirs, child.Heir = append(parent.Heirs, child.OID), true
			s.edges = append(s.edges, edge{child, parent})
		}
	}
}

func (s *fromTOC) partition(child, parent *catalog.Relation) {
	if child == nil || parent == nil || child == parent {
		return
	}
	child.Parent, child.Heir = parent.OID, true
	s.edges = append(s.edges, edge{child, parent})
}

// passForeign says of all tables above a foreign one that it is there.
func (s *fromTOC) passForeign() {
	for again := true; again; {
		again = false
		for _, e := range s.edges {
			if (s.foreign[e.child] || e.child.ForeignBelow) && !e.parent.ForeignBelow {
				e.parent.ForeignBelow, again = true, true
			}
		}
	}
}

func (s *fromTOC) size(e *archive.Entry) {
	bytes, known := s.sizes[e.DumpID]
	if r := s.source.Relations[e.CatalogID.OID]; r != nil && known {
		r.Bytes = bytes
		r.Heap = min(r.Heap, bytes)
		if r.Heap > 0 {
			r.Heap = bytes
		}
	}
}

func (s *fromTOC) index(e *archive.Entry) {
	index := &catalog.Index{Method: "btree"}
	if m := indexOn.FindStringSubmatch(e.Defn); m != nil {
		index.Method = unquote(m[2])
		if r := s.named[s.name(e, m[1])]; r != nil {
			index.Table = r.OID
		}
	}
	s.source.Indexes[e.CatalogID.OID] = index
}

// key finds keys of plain columns of ordinary tables. Their indexes are what CREATE UNIQUE INDEX makes of the same columns: the type's
// own operator class, the column's collation, ascending. With WITHOUT OVERLAPS the columns end in words that are no name.
func (s *fromTOC) key(e *archive.Entry) {
	statements := archive.SplitStatements(e.Defn)
	if len(statements) == 0 {
		return
	}
	m := plainKey.FindStringSubmatch(statements[0])
	if len(m) < 6 || strings.HasSuffix(m[5], " WITHOUT OVERLAPS") {
		return
	}
	table := s.named[s.name(e, m[1])]
	if table == nil || table.Partitioned {
		return
	}
	for s.source.Indexes[s.next] != nil {
		s.next--
	}
	index := s.next
	s.source.Indexes[index] = &catalog.Index{Table: table.OID, Method: "btree"}
	s.source.Keys[e.CatalogID.OID] = &catalog.Key{
		Index: index, Name: unquote(m[2]), Deferrable: m[9] != "", Deferred: m[10] != "",
		Definition: "CREATE UNIQUE INDEX " + m[2] + " ON " + m[1] + " USING btree " + m[4] + m[6] + m[3] + m[8],
	}
}

func (s *fromTOC) foreignKey(e *archive.Entry) {
	m := referring.FindStringSubmatch(e.Defn)
	if m == nil {
		return
	}
	table, referenced := s.named[s.name(e, m[1])], s.named[s.name(e, m[3])]
	if table == nil || referenced == nil {
		return
	}
	s.source.ForeignKeys[e.CatalogID.OID] = &catalog.ForeignKey{
		Table: table.OID, Referenced: referenced.OID, Orphans: orphans(table, referenced, m[2], m[4], m[5] != ""),
	}
}

// orphans is the query for rows that refer to nothing, "" for a temporal key. The operator is the one that = means, which it nearly always is.
func orphans(table, referenced *catalog.Relation, own, others string, full bool) string {
	if temporalKey.MatchString(own) {
		return ""
	}
	fk, pk := nameParts.FindAllString(own, -1), nameParts.FindAllString(others, -1)
	if len(fk) == 0 || len(fk) != len(pk) {
		return ""
	}
	on, set, or := make([]string, len(fk)), make([]string, len(fk)), " AND "
	for i := range fk {
		on[i] = "pk." + pk[i] + " = fk." + fk[i]
		set[i] = "fk." + fk[i] + " IS NOT NULL"
	}
	if full {
		or = " OR "
	}
	only := func(r *catalog.Relation) string {
		if r.Partitioned {
			return r.Name
		}
		return "ONLY " + r.Name
	}
	return "SELECT fk.* FROM " + only(table) + " fk LEFT JOIN " + only(referenced) + " pk ON " + strings.Join(on, " AND ") +
		" WHERE pk." + pk[0] + " IS NULL AND (" + strings.Join(set, or) + ")"
}

var temporalKey = regexp.MustCompile(`(?:^|, )PERIOD `)

// indexShare is about which part of its table's text an index is, by its access method: only what takes long should begin first.
var indexShare = map[string]float64{"btree": 0.2, "hash": 0.3, "brin": 0.001, "gin": 0.3, "gist": 0.4, "spgist": 0.4}

func (s *fromTOC) guessIndexes() {
	for _, i := range s.source.Indexes {
		if r := s.source.Relations[i.Table]; r != nil {
			i.Bytes = guessIndex(i.Method, r.Bytes)
		}
	}
}

// guessIndex is about how large an index of a table with so many bytes of rows is.
func guessIndex(method string, rows int64) int64 {
	share, ok := indexShare[method]
	if !ok {
		share = 0.3
	}
	return int64(share * float64(rows))
}
