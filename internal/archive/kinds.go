package archive

import (
	"slices"
	"strings"
)

// IsSpecial reports whether e is one of the entries that act on reading and make no object: ENCODING, STDSTRINGS and
// SEARCHPATH.
func (e *Entry) IsSpecial() bool {
	return e.Desc == "ENCODING" || e.Desc == "STDSTRINGS" || e.Desc == "SEARCHPATH"
}

// IsACL reports whether e is about privileges (_tocEntryIsACL).
func (e *Entry) IsACL() bool {
	return e.Desc == "ACL" || e.Desc == "ACL LANGUAGE" || e.Desc == "DEFAULT ACL"
}

// IsData reports whether e belongs to the data rather than to the schema: rows, sequence values, large objects and
// what is said about these.
func (e *Entry) IsData() bool {
	switch e.Desc {
	case "SEQUENCE SET", "BLOB", "BLOB METADATA":
		return true
	case "ACL", "COMMENT", "SECURITY LABEL":
		return strings.HasPrefix(e.Tag, "LARGE OBJECT")
	}
	return e.HadDumper
}

// OfDatabase reports whether e changes the database itself rather than something in it.
func (e *Entry) OfDatabase() bool {
	switch e.Desc {
	case "DATABASE PROPERTIES":
		return true
	case "COMMENT", "ACL", "SECURITY LABEL":
		return strings.HasPrefix(e.Tag, "DATABASE ")
	}
	return false
}

// OfKind reports whether e is of the description desc, of one of the others, or a comment or label on a desc.
func (e *Entry) OfKind(desc string, others ...string) bool {
	if e.Desc == desc || slices.Contains(others, e.Desc) {
		return true
	}
	return (e.Desc == "COMMENT" || e.Desc == "SECURITY LABEL") && strings.HasPrefix(e.Tag, desc+" ")
}

// Pass is one of the three times that a restore goes through the TOC.
type Pass int

// The passes, in their order. Grants come when all objects are there, and what may need the grants comes last.
const (
	MainPass Pass = iota
	ACLPass
	PostACLPass
)

// Pass returns the pass that restores e (_tocEntryRestorePass).
func (e *Entry) Pass() Pass {
	switch {
	case e.IsACL():
		return ACLPass
	case e.Desc == "EVENT TRIGGER", e.Desc == "MATERIALIZED VIEW DATA",
		(e.Desc == "COMMENT" || e.Desc == "SECURITY LABEL") && strings.HasPrefix(e.Tag, "EVENT TRIGGER "),
		e.Desc == "STATISTICS DATA" && e.Section == PostData: // some of them need a refreshed view
		return PostACLPass
	}
	return MainPass
}
