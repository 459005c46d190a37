package plan

import (
	"regexp"
	"slices"
	"strings"

	"pgsluice/internal/archive"
)

// named finds roles in the statements of ACL and DEFAULT ACL entries as pg_dump writes them (dumputils.c,
// buildACLCommands), each in group 1. Other quoted names match without a group, so that no role is found within one.
var named = regexp.MustCompile(`\b(?:FOR ROLE|SESSION AUTHORIZATION|TO|FROM|GRANTED BY) ("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)|"(?:[^"]|"")+"`)

// Roles are those that owners, privileges, policies and user mappings of the plan name, without repetition.
func (p *Plan) Roles() []string {
	seen := map[string]bool{}
	for _, t := range p.Tasks {
		if t.Owner != "" {
			seen[t.Entry.Owner] = true
		}
		for _, role := range concerned(t.Entry) {
			seen[role] = true
		}
		if !t.Entry.IsACL() {
			continue
		}
		for _, sql := range t.Statements {
			for _, statement := range archive.SplitStatements(sql) {
				for _, m := range named.FindAllStringSubmatch(statement, -1) {
					if m[1] != "" {
						seen[unquote(m[1])] = true
					}
				}
			}
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const roleName = `(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)`

var (
	policy  = regexp.MustCompile(`^CREATE POLICY ` + roleName + ` ON ` + roleName + `(?:\.` + roleName + `)?(?: AS [A-Z]+)?(?: FOR [A-Z]+)? TO (` + roleName + `(?:, ` + roleName + `)*)`)
	mapping = regexp.MustCompile(`^CREATE USER MAPPING FOR (` + roleName + `) SERVER`)
	each    = regexp.MustCompile(roleName)
)

// concerned are the roles that a policy or a user mapping is for.
func concerned(e *archive.Entry) (roles []string) {
	var m []string
	switch e.Desc {
	case "POLICY":
		m = policy.FindStringSubmatch(e.Defn)
	case "USER MAPPING":
		m = mapping.FindStringSubmatch(e.Defn)
	}
	if len(m) == 0 {
		return nil
	}
	for _, role := range each.FindAllString(m[1], -1) {
		if role = unquote(role); role != "public" {
			roles = append(roles, role)
		}
	}
	return roles
}

// Owners are the roles that are made owner of something, without repetition.
func (p *Plan) Owners() []string {
	var names []string
	for _, t := range p.Tasks {
		if t.Owner != "" && !slices.Contains(names, t.Entry.Owner) {
			names = append(names, t.Entry.Owner)
		}
	}
	return names
}

func unquote(ident string) string {
	if !strings.HasPrefix(ident, `"`) {
		return ident
	}
	return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
}
