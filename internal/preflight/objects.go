package preflight

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// Named are names in the plan that the target does not have, or that its user may not use.
type Named struct {
	MissingRoles, MissingTablespaces []string
	// Strangers are owners that the user is no member of.
	Strangers []string
}

// Names judges the roles and tablespaces that the plan names.
func Names(c Choices, user string, n Named) []Finding {
	var findings []Finding
	add := func(do, what string) {
		findings = append(findings, Finding{Level: c.object(), Side: Target, What: what, Do: do})
	}
	if len(n.MissingRoles) > 0 {
		add("create them (pg_dumpall --roles-only); --no-owner --no-acl do without those of owners and privileges",
			"owners, privileges, policies or user mappings name roles that it does not have: "+strings.Join(n.MissingRoles, ", "))
	}
	if len(n.Strangers) > 0 {
		add("use --no-owner, or grant it membership in these roles (in a superuser's, that is all his rights)",
			fmt.Sprintf("user %q may not make objects belong to %s", user, strings.Join(n.Strangers, ", ")))
	}
	if len(n.MissingTablespaces) > 0 {
		add("create them, or use --no-tablespaces", "it does not have the tablespaces "+strings.Join(n.MissingTablespaces, ", "))
	}
	return findings
}

// Public judges whether the plan's objects can be made in schema public. It is without them where the target's user can't
// use it.
func Public(c Choices, p *plan.Plan, user, database string, dst *catalog.Circumstances) []Finding {
	makes, uses := false, false
	for _, t := range p.Tasks {
		creates := t.Entry.Desc == "SCHEMA" && !strings.HasPrefix(t.Entry.Defn, "--")
		makes = makes || creates && t.Entry.Tag == "public"
		uses = uses || t.Entry.Namespace == "public"
	}
	switch {
	case makes || !uses:
		return nil
	case !dst.HasPublic:
		return []Finding{{Side: Target, What: fmt.Sprintf("database %q has no schema public, which the source's objects are in", database), Do: "CREATE SCHEMA public first"}}
	case !dst.MayCreateInPublic:
		return []Finding{{
			Level: c.object(), Side: Target, What: fmt.Sprintf("user %q may not create objects in schema public", user),
			Do: fmt.Sprintf("GRANT CREATE ON SCHEMA public TO %s, or ALTER SCHEMA public OWNER TO it", archive.FormatIdent(user)),
		}}
	}
	return nil
}

var (
	language   = regexp.MustCompile(`\sLANGUAGE ("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)\s`)
	baseType   = regexp.MustCompile(`(?s)^CREATE TYPE [^(;]+ \(\s*INTERNALLENGTH`)
	allTables  = regexp.MustCompile(`^CREATE PUBLICATION .* FOR ALL TABLES`)
	forSchemas = "PUBLICATION TABLES IN SCHEMA"
)

// forSuperusers says what of an entry is for superusers alone, "" if nothing is. untrusted are languages of the target.
func forSuperusers(e *archive.Entry, untrusted []string) string {
	switch e.Desc {
	case "EVENT TRIGGER":
		return "event trigger"
	case "FOREIGN DATA WRAPPER":
		return "foreign-data wrapper"
	case "ACCESS METHOD", "OPERATOR CLASS", "OPERATOR FAMILY", "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE":
		return strings.ToLower(e.Desc)
	case "PROCEDURAL LANGUAGE":
		return "procedural language"
	case "FUNCTION", "PROCEDURE":
		if m := language.FindStringSubmatch(e.Defn); m != nil {
			if name := strings.Trim(m[1], `"`); name == "c" || name == "internal" || slices.Contains(untrusted, name) {
				return "function in language " + name
			}
		}
	case "TYPE":
		if baseType.MatchString(e.Defn) {
			return "base type"
		}
	case "PUBLICATION":
		if allTables.MatchString(e.Defn) {
			return "publication for all tables"
		}
	case forSchemas:
		return "publication of a schema's tables"
	}
	return ""
}

// Superusers names what of the plan only a superuser can make, for a target's user who is none.
func Superusers(c Choices, p *plan.Plan, untrusted []string, dst *catalog.Facts, around *catalog.Circumstances) []Finding {
	if dst.Superuser {
		return nil
	}
	names := map[string][]string{}
	for _, t := range p.Tasks {
		if kind := forSuperusers(t.Entry, untrusted); kind != "" {
			names[kind] = append(names[kind], t.Name)
		}
	}
	kinds := make([]string, 0, len(names))
	for kind := range names {
		kinds = append(kinds, kind)
	}
	var findings []Finding
	for _, kind := range sorted(kinds) {
		f := Finding{
			Level: c.object(), Side: Target, What: fmt.Sprintf("user %q is no superuser, and only one may make %s %s: %s", dst.User, article(kind), kind, few(names[kind])),
			Do: "drop it on the source, or use --on-error continue, which leaves out what fails",
		}
		if around.Provider != "" { // some providers let their own superusers
			f.Level, f.What = Warning, fmt.Sprintf("user %q is no superuser: unless the provider (%s) lets it, it can't make %s %s: %s", dst.User, around.Provider, article(kind), kind, few(names[kind]))
		}
		findings = append(findings, f)
	}
	return findings
}

func article(word string) string {
	if strings.ContainsRune("aeio", rune(word[0])) {
		return "an"
	}
	return "a"
}

// Replication tells what becomes of publications.
func Replication(p *plan.Plan, dst *catalog.Circumstances) []Finding {
	n := 0
	for _, t := range p.Tasks {
		if t.Entry.Desc == "PUBLICATION" {
			n++
		}
	}
	if n == 0 || dst.WALLevel == "logical" {
		return nil
	}
	return []Finding{{
		Level: Note, Side: Target, What: fmt.Sprintf("%s made, and wal_level is %s: nobody can subscribe", are(n, "publication"), dst.WALLevel),
		Do: "set wal_level = logical and restart it, or use --no-publications",
	}}
}
