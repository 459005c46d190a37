package verify

import (
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

// Choices leave parts of the schema out of the comparison, as the options of a copy with those names left them out of the
// copy.
type Choices struct {
	NoOwner, NoACL, NoComments, NoTablespaces, NoPublications, NoDBSettings bool
	// Subscriptions compares those too; a copy leaves them out unless it is told not to.
	Subscriptions bool
}

// entry is an entry of a table of contents, as it is compared.
type entry struct {
	key                             string // such as "TABLE public.t"
	desc                            string
	definition                      string
	owner, tablespace, accessMethod string
	ownerCounts                     bool
}

// ledgerSchema is where a copy keeps its own books.
const ledgerSchema = "_pgsluice"

// entries are those of toc that are compared, by key. Objects of one kind may share a name that is not all of it, such as
// operators; so there may be several of a key.
func (c Choices) entries(toc *archive.TOC) map[string][]entry {
	found := map[string][]entry{}
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if !c.compares(e) {
			continue
		}
		n := c.normal(toc, e)
		found[n.key] = append(found[n.key], n)
	}
	return found
}

// compares says whether an entry is one that is compared as such: rows, sequences' values, large objects and schema public's owner are
// read otherwise.
func (c Choices) compares(e *archive.Entry) bool {
	if e.Namespace == ledgerSchema || strings.HasSuffix(e.Tag, "SCHEMA "+ledgerSchema) || e.Desc == "SCHEMA" && (e.Tag == ledgerSchema || e.Tag == "public") {
		return false
	}
	largeObject := strings.HasPrefix(e.Tag, "LARGE OBJECT")
	ofDatabase := strings.HasPrefix(e.Tag, "DATABASE ")
	switch e.Desc {
	case "ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE",
		"TABLE DATA", "MATERIALIZED VIEW DATA", "SEQUENCE SET", "BLOB", "BLOBS", "BLOB METADATA", "BLOB COMMENTS", "STATISTICS DATA":
		return false
	case "DATABASE PROPERTIES":
		return !c.NoDBSettings
	case "COMMENT":
		return !c.NoComments && !largeObject && !(ofDatabase && c.NoDBSettings)
	case "SECURITY LABEL":
		return !largeObject && !(ofDatabase && c.NoDBSettings)
	case "ACL", "ACL LANGUAGE", "DEFAULT ACL":
		return !c.NoACL && !largeObject && !(ofDatabase && c.NoDBSettings)
	case "PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA":
		return !c.NoPublications
	case "SUBSCRIPTION", "SUBSCRIPTION TABLE":
		return c.Subscriptions
	}
	return true
}

// normal takes out of an entry what may differ between databases that are equal.
func (c Choices) normal(toc *archive.TOC, e *archive.Entry) entry {
	n := entry{desc: e.Desc, definition: strings.TrimSpace(e.Defn), owner: e.Owner}
	tag := e.Tag
	if name, ok := strings.CutPrefix(tag, "DATABASE "); ok || e.Desc == "DATABASE PROPERTIES" {
		// both are about a database, each by its own name
		from := toc.Header.Database
		if same, err := archive.ReplaceDatabaseName(e.Defn, from, "this"); err == nil {
			n.definition = strings.TrimSpace(same)
		}
		if e.Desc == "DATABASE PROPERTIES" || name != "" {
			tag = "of the database"
		}
	}
	n.key = entryKey(e.Desc, e.Namespace, tag)
	switch e.Desc {
	case "DEFAULT ACL":
		n.key += " of role " + e.Owner // of each role there is one
		n.definition = sortedGrants(n.definition)
	case "ACL", "DATABASE PROPERTIES":
		n.definition = sortedGrants(n.definition)
	case "TABLE", "FOREIGN TABLE":
		n.definition = sortedHeirs(n.definition)
	case "FK CONSTRAINT":
		// said of the constraint itself, by what the catalogs say
		n.definition = strings.TrimSuffix(strings.TrimSuffix(n.definition, ";"), " NOT VALID")
	}
	if !c.NoTablespaces && !e.Nulls.Has(archive.FieldTablespace) {
		n.tablespace = e.Tablespace
	}
	if !e.Nulls.Has(archive.FieldTableAM) {
		n.accessMethod = e.TableAM
	}
	n.ownerCounts = !c.NoOwner && ownsItself(e.Desc)
	return n
}

// entryKey names an entry. Tags that are nothing but a name are quoted where they have to be; others pg_dump has put together.
func entryKey(desc, schema, tag string) string {
	switch desc {
	case "TABLE", "FOREIGN TABLE", "INDEX", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "TYPE", "DOMAIN", "SCHEMA", "EXTENSION":
		return desc + " " + archive.QualifiedName(schema, tag)
	}
	if schema != "" {
		schema = archive.FormatIdent(schema) + "."
	}
	return desc + " " + schema + tag
}

// secretive says that definitions of this kind may hold a password, and are not quoted.
func secretive(desc string) bool {
	switch desc {
	case "SUBSCRIPTION", "USER MAPPING", "SERVER", "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "DATABASE PROPERTIES":
		return true
	}
	return false
}

// ownsItself says whether objects of this kind have an owner of their own. Others have that of their table in their entry, which is
// told once.
func ownsItself(desc string) bool {
	switch desc {
	case "ACCESS METHOD", "AGGREGATE", "COLLATION", "CONVERSION", "DOMAIN", "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "FUNCTION",
		"MATERIALIZED VIEW", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURAL LANGUAGE", "PROCEDURE", "PUBLICATION", "SCHEMA",
		"SEQUENCE", "SERVER", "STATISTICS", "SUBSCRIPTION", "TABLE", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TYPE",
		"SHELL TYPE", "VIEW":
		return true
	}
	return false
}

// sortedGrants sorts statements that do not depend on their order. Where the role changes between them they do.
func sortedGrants(definition string) string {
	if strings.Contains(definition, "SESSION AUTHORIZATION") {
		return definition
	}
	lines := strings.Split(definition, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sortedHeirs sorts the columns of a table that inherits some: a restored child has its parents' columns first, whatever
// its order was.
func sortedHeirs(definition string) string {
	head, rest, ok := strings.Cut(definition, " (\n")
	body, tail, heir := strings.Cut(rest, "\n)\nINHERITS (")
	if !ok || !heir {
		return definition
	}
	lines := strings.Split(body, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], ",")
	}
	slices.Sort(lines)
	return head + " (\n" + strings.Join(lines, "\n") + "\n)\nINHERITS (" + tail
}

// alike says that two definitions are the same but for what servers of different majors write differently of the same thing: white
// space, parentheses, and whether columns are qualified by their table, which from 16 on those of a view's only table are not.
func alike(a, b string) bool {
	words := func(definition string) []string {
		return strings.Fields(strings.NewReplacer("(", " ", ")", " ", ",", " , ", "::", " :: ", ";", " ; ").Replace(definition))
	}
	return slices.EqualFunc(words(a), words(b), func(x, y string) bool {
		return x == y || unqualified(x, y) || unqualified(y, x)
	})
}

// unqualified says that name is qualified without its qualification.
func unqualified(name, qualified string) bool {
	return !strings.Contains(name, ".") && strings.HasSuffix(qualified, "."+name)
}
