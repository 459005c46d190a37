package archive

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// PartitionedTable is the Entry.RelKind of a table that has partitions (RELKIND_PARTITIONED_TABLE).
const PartitionedTable = 'p'

// Object names an object as ALTER … OWNER TO wants it, such as `TABLE public.orders`; "" for what has no owner of its
// own (_getObjectDescription).
func (e *Entry) Object() string {
	switch e.Desc {
	case "COLLATION", "CONVERSION", "DOMAIN", "FOREIGN TABLE", "MATERIALIZED VIEW", "SEQUENCE", "STATISTICS", "TABLE",
		"TEXT SEARCH DICTIONARY", "TEXT SEARCH CONFIGURATION", "TYPE", "VIEW", "DATABASE", "PROCEDURAL LANGUAGE", "SCHEMA",
		"EVENT TRIGGER", "FOREIGN DATA WRAPPER", "SERVER", "PUBLICATION", "SUBSCRIPTION":
		return e.Desc + " " + QualifiedName(e.Namespace, e.Tag)
	case "BLOB":
		return "LARGE OBJECT " + e.Tag
	case "AGGREGATE", "FUNCTION", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURE":
		return strings.TrimRight(strings.TrimPrefix(e.DropStmt, "DROP "), ";\n")
	}
	return ""
}

// OwnerStatements returns the ALTER … OWNER TO that follow an entry, without semicolons: one as a rule, one for each
// large object of a BLOB METADATA entry, none without an owner. What has no DROP statement is no object of its own. The
// error is that of LargeObjects.
func (e *Entry) OwnerStatements() ([]string, error) {
	if e.Owner == "" || e.DropStmt == "" {
		return nil, nil
	}
	to := " OWNER TO " + FormatIdent(e.Owner)
	if e.Desc == "BLOB METADATA" {
		oids, err := e.LargeObjects()
		var all []string
		for _, oid := range oids {
			all = append(all, fmt.Sprintf("ALTER LARGE OBJECT %d%s", oid, to))
		}
		return all, err
	}
	if object := e.Object(); object != "" {
		return []string{"ALTER " + object + to}, nil
	}
	return nil, nil
}

// Definition returns e.Defn, but for a schema that is to belong to whoever restores it a CREATE SCHEMA without
// AUTHORIZATION, which old archives have. A comment that stands in place of the schema public stays.
func (e *Entry) Definition(noOwner bool) string {
	if noOwner && e.Desc == "SCHEMA" && !strings.HasPrefix(e.Defn, "--") {
		return "CREATE SCHEMA " + FormatIdent(e.Tag) + ";\n"
	}
	return e.Defn
}

// SetAccessMethod returns the statement that gives a partitioned table its table access method, without a semicolon;
// "" for all else. Tables with rows get theirs from default_table_access_method.
func (e *Entry) SetAccessMethod() string {
	if e.RelKind != PartitionedTable || e.TableAM == "" {
		return ""
	}
	return "ALTER TABLE " + QualifiedName(e.Namespace, e.Tag) + " SET ACCESS METHOD " + FormatIdent(e.TableAM)
}

// IsGroupACL reports whether e holds the privileges of a group of large objects, see [TOC.GroupACL].
func (e *Entry) IsGroupACL() bool {
	return e.Desc == "ACL" && strings.HasPrefix(e.Tag, "LARGE OBJECTS")
}

// GroupACL returns the statements of an entry for which IsGroupACL is true, without semicolons: it has the privileges of the
// first large object of a group, and each of the group gets them (IssueACLPerBlob). The group is the BLOB METADATA entry
// that the ACL depends on; without one it is an error.
func (t *TOC) GroupACL(e *Entry) ([]string, error) {
	var group *Entry
	for _, id := range e.Dependencies {
		if d := t.ByID(id); d != nil && d.Desc == "BLOB METADATA" {
			group = d
		}
	}
	if group == nil {
		return nil, fmt.Errorf("%s %s: no BLOB METADATA entry among its dependencies", e.Desc, e.Tag)
	}
	oids, err := group.LargeObjects()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, statement := range SplitStatements(e.Defn) {
		if !onLargeObject.MatchString(statement) { // SET SESSION AUTHORIZATION and its RESET stand around a grantor's
			all = append(all, statement)
			continue
		}
		for _, oid := range oids {
			all = append(all, forObject(statement, oid))
		}
	}
	return all, nil
}

var onLargeObject = regexp.MustCompile(`^((?:GRANT|REVOKE) .* ON LARGE OBJECT )\d+( (?:TO|FROM) )`)

// forObject returns a GRANT or REVOKE for another large object; other statements stay as they are.
func forObject(statement string, oid uint32) string {
	return onLargeObject.ReplaceAllString(statement, "${1}"+strconv.FormatUint(uint64(oid), 10)+"${2}")
}
