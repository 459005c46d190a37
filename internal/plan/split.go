package plan

import (
	"regexp"
	"strings"

	"pgsluice/internal/archive"
)

// Kinds of tasks that are not entries of their own. The others are named as their entries are.
const (
	// Analyze gathers planner statistics of a table, or of a partitioned table with all its partitions.
	Analyze = "ANALYZE"
	// Validate checks the rows of a foreign key that is there.
	Validate = "VALIDATE"
	// AlterIndex is what an index entry says behind its CREATE INDEX: CLUSTER ON, statistics targets, replica identity.
	AlterIndex = "ALTER INDEX"
)

// firstVersionPartitionedNotValid is the first server that has foreign keys NOT VALID on partitioned tables, and
// validates those to partitioned tables with all their children (FACTS.md 25).
const firstVersionPartitionedNotValid = 180000

// firstVersionNamedNotNull is the first server in which NOT NULL is a constraint with a name, and inherited.
const firstVersionNamedNotNull = 180000

var (
	// what stands before a key's columns, and of it the part before the constraint's name and the kind
	indexConstraint = regexp.MustCompile(`^(ALTER (?:FOREIGN )?TABLE (?:ONLY )?(?:` + anyName + `\.)?` + anyName + `)\s+ADD CONSTRAINT (` + anyName + `) (PRIMARY KEY|UNIQUE|EXCLUDE)\b`)
	foreignKey      = regexp.MustCompile(`^(ALTER TABLE (?:ONLY )?(?:` + anyName + `\.)?` + anyName + `)\s+ADD CONSTRAINT (` + anyName + `) FOREIGN KEY\b`)
)

const anyName = `(?:"(?:[^"]|"")*"|[^\s".]+)`

// buildsIndex tells a key or exclusion constraint from the NOT NULL constraints that version 18 writes as CONSTRAINT.
func buildsIndex(e *archive.Entry) bool {
	return e.Desc == "CONSTRAINT" && indexConstraint.MatchString(e.Defn)
}

// split parts a post-data task where that lets more run at the same time: what takes long under a weak lock from what
// takes a moment under a strong one. The last of the parts is the entry as other entries need it.
func (b *builder) split(t *Task) []*Task {
	if t.Order != Parallel {
		return []*Task{t}
	}
	statements := archive.SplitStatements(t.Entry.Defn)
	switch {
	case t.Desc == "INDEX" && len(statements) > 1:
		return b.splitIndex(t, statements)
	case buildsIndex(t.Entry):
		return b.splitKey(t, statements)
	case t.Desc == "FK CONSTRAINT":
		return b.splitForeignKey(t, statements)
	}
	return []*Task{t}
}

// splitIndex builds an index under SHARE, so that others of its table can be built at the same time.
func (b *builder) splitIndex(t *Task, statements []string) []*Task {
	build, rest := *t, *t
	build.Statements = replaceLast(t.Statements, statements[0])
	rest.Desc, rest.Statements = AlterIndex, append(b.searchPath(t.Entry), statements[1:]...)
	return []*Task{&build, &rest}
}

// splitKey builds a key's index under SHARE and then makes the constraint of it, which takes ACCESS EXCLUSIVE for a
// moment, instead of for the whole build.
func (b *builder) splitKey(t *Task, statements []string) []*Task {
	key := b.source.Keys[t.Entry.CatalogID.OID]
	if key == nil || key.Definition == "" {
		return []*Task{t}
	}
	m := indexConstraint.FindStringSubmatch(statements[0])
	if m[3] == "PRIMARY KEY" && b.choices.TargetVersion >= firstVersionNamedNotNull && b.heir(key.Index) {
		return []*Task{t} // USING INDEX would make inherited NOT NULL constraints the child's own
	}
	build, attach := *t, *t
	build.Desc, build.Name = "INDEX", archive.QualifiedName(t.Entry.Namespace, key.Name)
	build.Statements = replaceLast(t.Statements, key.Definition)
	sql := m[1] + " ADD CONSTRAINT " + m[2] + " " + m[3] + " USING INDEX " + archive.FormatIdent(key.Name)
	switch {
	case key.Deferred:
		sql += " DEFERRABLE INITIALLY DEFERRED"
	case key.Deferrable:
		sql += " DEFERRABLE"
	}
	attach.Statements = append(append(b.searchPath(t.Entry), sql), statements[1:]...)
	return []*Task{&build, &attach}
}

// splitForeignKey adds a foreign key without a look at the rows and validates it later, under a lock that lets the same
// happen to the other tables around it. One that is not valid on the source stays so. A key that can't be treated
// like this fails as a whole where rows violate it.
func (b *builder) splitForeignKey(t *Task, statements []string) []*Task {
	key := b.source.ForeignKeys[t.Entry.CatalogID.OID]
	m := foreignKey.FindStringSubmatch(statements[0])
	definition := strings.TrimRight(statements[0], "; \n")
	if key == nil || m == nil || strings.HasSuffix(definition, " NOT VALID") || strings.HasSuffix(definition, " NOT ENFORCED") {
		return []*Task{t}
	}
	t.Orphans = key.Orphans
	if key.Orphans == "" { // VALIDATE of a temporal key, in 18.6, finds valid what ADD finds violated
		return []*Task{t}
	}
	if b.choices.TargetVersion < firstVersionPartitionedNotValid && (b.partitioned(key.Table) || b.partitioned(key.Referenced)) {
		return []*Task{t}
	}
	add, validate := *t, *t
	add.Statements, add.Orphans = append(append(b.searchPath(t.Entry), definition+" NOT VALID"), statements[1:]...), ""
	validate.Desc, validate.Statements = Validate, append(b.searchPath(t.Entry), m[1]+" VALIDATE CONSTRAINT "+m[2])
	return []*Task{&add, &validate}
}

// heir reports whether the table of an index is a partition or a child.
func (b *builder) heir(index uint32) bool {
	i := b.source.Indexes[index]
	if i == nil {
		return false
	}
	r := b.source.Relations[i.Table]
	return r != nil && r.Heir
}

func (b *builder) partitioned(oid uint32) bool {
	r := b.source.Relations[oid]
	return r != nil && r.Partitioned
}

// replaceLast gives the statements with another one in place of the entry's own, behind the settings.
func replaceLast(statements []string, sql string) []string {
	return append(statements[:len(statements)-1:len(statements)-1], sql)
}
