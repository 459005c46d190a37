package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"pgsluice/internal/archive"
)

const partitionedTable = 'p' // RELKIND_PARTITIONED_TABLE

// statements fills in the SQL of a task (pg_restore, _printTocEntry).
func (b *builder) statements(t *Task) error {
	e, c := t.Entry, b.choices
	// sessions begin with the database's tablespace and with heap; LOCAL, so that no entry inherits another's
	if e.Tablespace != "" && !c.NoTablespaces {
		t.Statements = append(t.Statements, "SET LOCAL default_tablespace = "+archive.FormatIdent(e.Tablespace))
	}
	if e.TableAM != "" && e.TableAM != "heap" && e.RelKind != partitionedTable {
		t.Statements = append(t.Statements, "SET LOCAL default_table_access_method = "+archive.FormatIdent(e.TableAM))
	}
	switch {
	case ofDatabase(e):
		defn, err := archive.ReplaceDatabaseName(e.Defn, b.toc.Header.Database, c.TargetDatabase)
		if err != nil {
			return err
		}
		t.Statements, t.Each = archive.SplitStatements(defn), true
		return nil
	case c.NoOwner && e.Desc == "SCHEMA" && !strings.HasPrefix(e.Defn, "--"):
		t.Statements = append(t.Statements, "CREATE SCHEMA "+archive.FormatIdent(e.Tag))
	case e.Desc == "BLOB METADATA":
		t.Statements = append(t.Statements,
			"SELECT pg_catalog.lo_create(o) FROM pg_catalog.unnest('"+oidArray(b.largeObjects(e))+"'::pg_catalog.oid[]) AS u (o)")
	case e.Desc == "ACL" && strings.HasPrefix(e.Tag, "LARGE OBJECTS"):
		each, err := b.aclPerLargeObject(e)
		if err != nil {
			return err
		}
		t.Statements = append(t.Statements, each...)
	default:
		t.Statements = append(t.Statements, e.Defn)
	}
	t.Owner = b.owner(e)
	if e.RelKind == partitionedTable && e.TableAM != "" {
		t.Statements = append(t.Statements, "ALTER TABLE "+archive.QualifiedName(e.Namespace, e.Tag)+
			" SET ACCESS METHOD "+archive.FormatIdent(e.TableAM))
	}
	return nil
}

// owner is the ALTER … OWNER TO that follows an entry, or "": what has no DROP statement is no object of its own.
func (b *builder) owner(e *archive.Entry) string {
	if b.choices.NoOwner || e.Owner == "" || e.DropStmt == "" {
		return ""
	}
	to := " OWNER TO " + archive.FormatIdent(e.Owner)
	if e.Desc == "BLOB METADATA" {
		var all strings.Builder
		for _, oid := range b.largeObjects(e) {
			fmt.Fprintf(&all, "ALTER LARGE OBJECT %d%s;\n", oid, to)
		}
		return all.String()
	}
	if d := describe(e); d != "" {
		return "ALTER " + d + to
	}
	return ""
}

// describe names an object as ALTER … OWNER TO wants it, "" for what has no owner (_getObjectDescription).
func describe(e *archive.Entry) string {
	switch e.Desc {
	case "COLLATION", "CONVERSION", "DOMAIN", "FOREIGN TABLE", "MATERIALIZED VIEW", "SEQUENCE", "STATISTICS", "TABLE",
		"TEXT SEARCH DICTIONARY", "TEXT SEARCH CONFIGURATION", "TYPE", "VIEW", "DATABASE", "PROCEDURAL LANGUAGE", "SCHEMA",
		"EVENT TRIGGER", "FOREIGN DATA WRAPPER", "SERVER", "PUBLICATION", "SUBSCRIPTION":
		if e.Namespace != "" {
			return e.Desc + " " + archive.QualifiedName(e.Namespace, e.Tag)
		}
		return e.Desc + " " + archive.FormatIdent(e.Tag)
	case "BLOB":
		return "LARGE OBJECT " + e.Tag
	case "AGGREGATE", "FUNCTION", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURE":
		return strings.TrimRight(strings.TrimPrefix(e.DropStmt, "DROP "), ";\n")
	}
	return ""
}

// largeObjects reads the OIDs that a BLOB METADATA entry lists, a line each.
func (b *builder) largeObjects(e *archive.Entry) []uint32 {
	var oids []uint32
	for _, line := range strings.Fields(e.Defn) {
		if oid, err := strconv.ParseUint(line, 10, 32); err == nil {
			oids = append(oids, uint32(oid))
		}
	}
	return oids
}

var onLargeObject = regexp.MustCompile(`^((?:GRANT|REVOKE) .* ON LARGE OBJECT )\d+( (?:TO|FROM) )`)

// aclPerLargeObject repeats the privileges of the first large object of a group for each (IssueACLPerBlob). The
// group's BLOB METADATA entry is what the ACL depends on.
func (b *builder) aclPerLargeObject(e *archive.Entry) ([]string, error) {
	var group *archive.Entry
	for _, id := range e.Dependencies {
		if d := b.toc.ByID(id); d != nil && d.Desc == "BLOB METADATA" {
			group = d
		}
	}
	if group == nil {
		return nil, fmt.Errorf("%s %s: no BLOB METADATA entry among its dependencies", e.Desc, e.Tag)
	}
	var all []string
	for _, statement := range archive.SplitStatements(e.Defn) {
		if !onLargeObject.MatchString(statement) { // SET SESSION AUTHORIZATION and its RESET stand around a grantor's
			all = append(all, statement)
			continue
		}
		for _, oid := range b.largeObjects(group) {
			all = append(all, onLargeObject.ReplaceAllString(statement, "${1}"+strconv.FormatUint(uint64(oid), 10)+"${2}"))
		}
	}
	return all, nil
}

func oidArray(oids []uint32) string {
	texts := make([]string, len(oids))
	for i, o := range oids {
		texts[i] = strconv.FormatUint(uint64(o), 10)
	}
	return "{" + strings.Join(texts, ",") + "}"
}
