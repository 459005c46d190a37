package plan

import (
	"strconv"
	"strings"

	"pgsluice/internal/archive"
)

// statements fills in the SQL of a task (pg_restore, _printTocEntry).
func (b *builder) statements(t *Task) error {
	e, c := t.Entry, b.choices
	t.Statements = b.searchPath(e)
	// sessions begin with the database's tablespace and with heap; LOCAL, so that no entry inherits another's
	if e.Tablespace != "" && !c.NoTablespaces {
		t.Statements = append(t.Statements, "SET LOCAL default_tablespace = "+archive.FormatIdent(e.Tablespace))
	}
	if e.TableAM != "" && e.TableAM != "heap" && e.RelKind != archive.PartitionedTable {
		t.Statements = append(t.Statements, "SET LOCAL default_table_access_method = "+archive.FormatIdent(e.TableAM))
	}
	switch {
	case e.OfDatabase():
		defn, err := archive.ReplaceDatabaseName(e.Defn, b.toc.Header.Database, c.TargetDatabase)
		if err != nil {
			return err
		}
		t.Statements, t.Each = archive.SplitStatements(defn), true
		return nil
	case e.Desc == "BLOB METADATA":
		oids, err := e.LargeObjects()
		if err != nil {
			return err
		}
		t.Statements = append(t.Statements,
			"SELECT pg_catalog.lo_create(o) FROM pg_catalog.unnest('"+oidArray(oids)+"'::pg_catalog.oid[]) AS u (o)")
	case e.IsGroupACL():
		each, err := b.toc.GroupACL(e)
		if err != nil {
			return err
		}
		t.Statements = append(t.Statements, each...)
	default:
		t.Statements = append(t.Statements, e.Definition(c.NoOwner))
	}
	owners, err := e.OwnerStatements()
	if err != nil {
		return err
	}
	if !c.NoOwner {
		t.Owner = strings.Join(owners, ";\n")
	}
	if method := e.SetAccessMethod(); method != "" {
		t.Statements = append(t.Statements, method)
	}
	return nil
}

// searchPath is the setting that an entry of an archive before 1.13 relies on, whose own schema's names are not qualified
// (_selectOutputSchema); none for others.
func (b *builder) searchPath(e *archive.Entry) []string {
	if !unqualified(b.toc) || e.Namespace == "" {
		return nil
	}
	return []string{"SET LOCAL search_path = " + archive.FormatIdent(e.Namespace) + ", pg_catalog"}
}

// unqualified reports whether the statements of an archive leave out their entries' schemas. A table of contents that was made by hand
// has no version.
func unqualified(toc *archive.TOC) bool {
	v := toc.Header.Version
	return v.AtLeast(1, 0) && !v.AtLeast(1, 13)
}

// qualify gives a relation's name in an entry's statement its schema, if that is left out.
func (b *builder) qualify(e *archive.Entry, name string) string {
	if unqualified(b.toc) && len(nameParts.FindAllString(name, 2)) < 2 {
		return archive.FormatIdent(e.Namespace) + "." + name
	}
	return name
}

func oidArray(oids []uint32) string {
	texts := make([]string, len(oids))
	for i, o := range oids {
		texts[i] = strconv.FormatUint(uint64(o), 10)
	}
	return "{" + strings.Join(texts, ",") + "}"
}
