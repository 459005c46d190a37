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

// Roles are those that owners and privileges of the plan name, without repetition.
func (p *Plan) Roles() []string {
	seen := map[string]bool{}
	for _, t := range p.Tasks {
		if t.Owner != "" {
			seen[t.Entry.Owner] = true
		}
		if !isACL(t.Entry) {
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

func unquote(ident string) string {
	if !strings.HasPrefix(ident, `"`) {
		return ident
	}
	return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
}
