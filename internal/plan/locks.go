package plan

import "cmp"

// LockMode is a table-level lock as PostgreSQL's manual names it, as far as post-data takes them.
type LockMode int

// The modes, from weak to strong.
const (
	RowShare             LockMode = iota // on the table that a foreign key being validated refers to
	ShareUpdateExclusive                 // ANALYZE, VALIDATE CONSTRAINT, CREATE STATISTICS
	Share                                // CREATE INDEX
	ShareRowExclusive                    // ADD FOREIGN KEY, on both tables
	AccessExclusive                      // ALTER TABLE in general
)

// Conflicts mirrors lock.c's LockConflicts for these modes.
func (m LockMode) Conflicts(other LockMode) bool {
	if m > other {
		m, other = other, m
	}
	switch m {
	case RowShare:
		return other == AccessExclusive
	case Share:
		return other != Share
	}
	return true // SHARE UPDATE EXCLUSIVE and stronger ones exclude each other, and themselves
}

// Lock is a lock on a relation, given by its OID on the source.
type Lock struct {
	Relation uint32
	Mode     LockMode
}

// locks are the relations that a post-data task locks because of a table that its entry depends on; own says that it is
// the table that the entry belongs to. A task that waited for one in the server would hold a worker.
func (b *builder) locks(t *Task, oid uint32, own bool) []Lock {
	switch {
	case t.Desc == "INDEX":
		return lockAll(Share, oid)
	case t.Phase == Indexes && t.Desc != "INDEX ATTACH":
		return lockAll(AccessExclusive, oid)
	case t.Desc == "INDEX ATTACH":
		// two at a time in one tree could each miss the other's, and then no one marks the root's index as valid
		return lockAll(AccessExclusive, oid, b.tables.root(oid))
	case t.Desc == "STATISTICS":
		return lockAll(ShareUpdateExclusive, oid)
	case t.Desc == Validate && own:
		return lockAll(ShareUpdateExclusive, b.tables.subtree(oid)...)
	case t.Desc == Validate:
		return lockAll(RowShare, b.tables.subtree(oid)...)
	}
	whole := append(b.tables.subtree(oid), b.tables.root(oid))
	if t.Desc == "FK CONSTRAINT" {
		return lockAll(ShareRowExclusive, whole...)
	}
	return lockAll(AccessExclusive, whole...)
}

func lockAll(mode LockMode, oids ...uint32) []Lock {
	locks := make([]Lock, len(oids))
	for i, oid := range oids {
		locks[i] = Lock{oid, mode}
	}
	return locks
}

func byRelation(x, y Lock) int {
	return cmp.Or(cmp.Compare(x.Relation, y.Relation), cmp.Compare(x.Mode, y.Mode))
}
