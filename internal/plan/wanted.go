package plan

import (
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

// wanted says whether an entry takes part (pg_restore, _tocEntryRequired). What is left out although the user did
// not ask for it has a reason.
func (c *Choices) wanted(e *archive.Entry) (ok bool, reason string) {
	switch e.Desc {
	case "ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "WARNING", "STATISTICS DATA":
		return false, ""
	}
	switch {
	case c.NoACL && isACL(e), c.NoComments && e.Desc == "COMMENT", c.NoDBSettings && ofDatabase(e):
		return false, ""
	case c.NoPublications && ofKind(e, "PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"):
		return false, ""
	case !c.Subscriptions && ofKind(e, "SUBSCRIPTION", "SUBSCRIPTION TABLE"):
		if e.Desc == "SUBSCRIPTION" && !c.DataOnly {
			return false, "two servers must not use one replication slot; --subscriptions creates it, not connected"
		}
		return false, ""
	}
	if isData(e) || e.Desc == "MATERIALIZED VIEW DATA" { // its rows come by REFRESH; pg_restore leaves it out of --data-only
		return !c.SchemaOnly, ""
	}
	return !c.DataOnly && e.Defn != "", ""
}

// ofKind reports whether e is of the first description, of one of the others, or a comment or label on the first.
func ofKind(e *archive.Entry, desc string, others ...string) bool {
	if e.Desc == desc || slices.Contains(others, e.Desc) {
		return true
	}
	return (e.Desc == "COMMENT" || e.Desc == "SECURITY LABEL") && strings.HasPrefix(e.Tag, desc+" ")
}

// ofDatabase reports whether e changes the database itself rather than something in it.
func ofDatabase(e *archive.Entry) bool {
	switch e.Desc {
	case "DATABASE PROPERTIES":
		return true
	case "COMMENT", "ACL", "SECURITY LABEL":
		return strings.HasPrefix(e.Tag, "DATABASE ")
	}
	return false
}

// isACL mirrors _tocEntryIsACL.
func isACL(e *archive.Entry) bool {
	return e.Desc == "ACL" || e.Desc == "ACL LANGUAGE" || e.Desc == "DEFAULT ACL"
}

// isData reports whether e belongs to the data rather than to the schema: rows, sequence values, large objects
// and what is said about these.
func isData(e *archive.Entry) bool {
	switch e.Desc {
	case "SEQUENCE SET", "BLOB", "BLOB METADATA":
		return true
	case "ACL", "COMMENT", "SECURITY LABEL":
		return strings.HasPrefix(e.Tag, "LARGE OBJECT")
	}
	return e.HadDumper
}

// order mirrors _tocEntryRestorePass. section is the one that the entry stands in.
func order(e *archive.Entry, section archive.Section) Order {
	switch {
	case isACL(e), e.Desc == "EVENT TRIGGER", e.Desc == "MATERIALIZED VIEW DATA", ofDatabase(e):
		return After
	case (e.Desc == "COMMENT" || e.Desc == "SECURITY LABEL") && strings.HasPrefix(e.Tag, "EVENT TRIGGER "):
		return After
	case section == archive.PreData:
		return Before
	}
	return Parallel
}

// pass sorts the After tasks: ACLs before what may need them (FACTS.md 10), the database's own settings last,
// because they may be such that nothing more can be written.
func pass(e *archive.Entry) int {
	switch {
	case ofDatabase(e):
		return 2
	case isACL(e):
		return 0
	}
	return 1
}

func phase(e *archive.Entry, section archive.Section) Phase {
	switch {
	case order(e, section) == After:
		return Finish
	case isData(e):
		return Data
	case section == archive.PreData:
		return Schema
	}
	switch e.Desc {
	case "INDEX", "INDEX ATTACH":
		return Indexes
	case "CONSTRAINT":
		if buildsIndex(e) {
			return Indexes
		}
		return Constraints
	case "FK CONSTRAINT", "CHECK CONSTRAINT":
		return Constraints
	}
	return Finish
}
