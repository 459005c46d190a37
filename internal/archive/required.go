package archive

import (
	"slices"
	"strings"
)

// marker goes through a TOC. What it has marked decides about the entries that depend on it.
type marker struct {
	*Selection
	toc    *TOC
	listed map[int]bool
	parts  map[int]Parts
}

// required returns what is wanted of e, which stands in section (_tocEntryRequired).
func (m *marker) required(e *Entry, section Section) Parts {
	switch {
	case e.IsSpecial():
		return SpecialPart
	case e.Desc == "DATABASE", e.Desc == "DATABASE PROPERTIES":
		if m.Database {
			return SchemaPart
		}
		return 0
	case m.excluded(e), !m.hasSection(section), m.listed != nil && !m.listed[e.DumpID]:
		return 0
	}
	switch e.Desc {
	case "ACL", "COMMENT", "STATISTICS DATA", "SECURITY LABEL":
		if !m.dependent(e) {
			return 0
		}
	default:
		if !m.selected(e) {
			return 0
		}
	}
	return m.components(e)
}

// excluded reports whether e is of a kind that is not wanted.
func (m *marker) excluded(e *Entry) bool {
	switch {
	case m.NoACL && e.IsACL(), m.NoComments && e.Desc == "COMMENT", m.NoSecurityLabels && e.Desc == "SECURITY LABEL",
		m.NoStatistics && e.Desc == "STATISTICS DATA",
		m.NoPolicies && (e.Desc == "ROW SECURITY" || e.OfKind("POLICY")),
		m.NoPublications && e.OfKind("PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"),
		m.NoSubscriptions && e.OfKind("SUBSCRIPTION", "SUBSCRIPTION TABLE"):
		return true
	}
	return e.Desc == "<Init>" && e.Tag == "Max OID" // of very old archives
}

// dependent decides about an entry that says something about another one: with a choice of objects it goes where that
// one goes. A column's privileges depend on the table's too, which says nothing.
func (m *marker) dependent(e *Entry) bool {
	if strings.HasPrefix(e.Tag, "DATABASE ") {
		return m.Database
	}
	if len(m.Schemas)+len(m.ExcludeSchemas) == 0 && !m.selectsTypes() {
		return true
	}
	return slices.ContainsFunc(e.Dependencies, func(id int) bool {
		on := m.toc.ByID(id)
		return on != nil && on.Desc != "ACL" && m.parts[id] != 0
	})
}

// selected decides about an entry that stands for itself.
func (m *marker) selected(e *Entry) bool {
	if len(m.Schemas) > 0 && !slices.Contains(m.Schemas, e.Namespace) || slices.Contains(m.ExcludeSchemas, e.Namespace) {
		return false
	}
	if !m.selectsTypes() {
		return true
	}
	switch e.Desc {
	case "TABLE", "TABLE DATA", "VIEW", "FOREIGN TABLE", "MATERIALIZED VIEW", "MATERIALIZED VIEW DATA", "SEQUENCE", "SEQUENCE SET":
		return slices.Contains(m.Tables, e.Tag)
	case "INDEX":
		return slices.Contains(m.Indexes, e.Tag)
	case "FUNCTION", "AGGREGATE", "PROCEDURE":
		return slices.Contains(m.Functions, e.Tag)
	case "TRIGGER":
		return slices.Contains(m.Triggers, e.Tag)
	}
	return false
}

// components returns the parts that e has, less those that are not wanted. A MATERIALIZED VIEW DATA entry counts as
// schema, as with pg_restore: it is a statement.
func (m *marker) components(e *Entry) Parts {
	p := SchemaPart | DataPart
	if e.Desc == "STATISTICS DATA" {
		p = StatisticsPart
	}
	if !e.HadDumper {
		if e.IsData() {
			p &= DataPart
		} else {
			p &^= DataPart
		}
	}
	if e.Defn == "" || strings.HasPrefix(e.Defn, "-- load via partition root ") {
		p &^= SchemaPart
	}
	if m.SchemaOnly {
		p &= SchemaPart
	}
	if m.DataOnly {
		p &= DataPart
	}
	return p
}
