package archive

import (
	"fmt"
	"strings"
)

// ReplaceDatabaseName returns stmts with the database's name from replaced by to. It is for the entries that pg_dump
// writes about the dumped database itself: DATABASE PROPERTIES, and COMMENT, ACL and SECURITY LABEL tagged
// "DATABASE name". Only the name in its place in the grammar is replaced, never text of literals, other names or
// comments. SET and RESET SESSION AUTHORIZATION, which ACLs have between their GRANTs, pass unchanged. Any other
// statement, one about another database, and a name with Unicode escapes are errors, so that nothing runs against the
// wrong database; so is the UPDATE of pg_database that stands in drop statements.
func ReplaceDatabaseName(stmts, from, to string) (string, error) {
	var out strings.Builder
	done := 0
	for s := range statements(stmts) {
		l := lexer{text: stmts[:s.end], pos: s.start}
		name, found := databaseName(&l)
		if !found {
			if sessionAuthorization(s.text(stmts)) {
				continue
			}
			return "", fmt.Errorf("statement names no database: %.100q", s.text(stmts))
		}
		if got := l.name(name); got != from {
			return "", fmt.Errorf("statement is about database %q, not %q: %.100q", got, from, s.text(stmts))
		}
		out.WriteString(stmts[done:name.start])
		out.WriteString(FormatIdent(to))
		done = name.end
	}
	out.WriteString(stmts[done:])
	return out.String(), nil
}

// databaseForms are the statements about a database that pg_dump writes (dumpDatabase and dumpACL in pg_dump.c;
// makeAlterConfigCommand, emitShSecLabels and buildACLCommands in dumputils.c). In a form, ? is any one token,
// * any number of privileges, and NAME the database; the words after NAME are those that may follow it.
var databaseForms = []struct{ before, after string }{
	{"alter database NAME", "connection is_template set"},
	{"alter role ? in database NAME", "set"},
	{"comment on database NAME", "is"},
	{"security label on database NAME", "is"},
	{"security label for ? on database NAME", "is"},
	{"grant * on database NAME", "to"},
	{"revoke * on database NAME", "from"},
}

// databaseName finds the token that names the database in the statement at l.
func databaseName(l *lexer) (token, bool) {
	start := l.pos
	for _, form := range databaseForms {
		l.pos = start
		if name, ok := matchForm(l, strings.Fields(form.before)); ok {
			next := l.next()
			for word := range strings.FieldsSeq(form.after) {
				if l.is(next, word) {
					return name, true
				}
			}
		}
	}
	return token{}, false
}

func matchForm(l *lexer, form []string) (name token, ok bool) {
	for i, word := range form {
		t := l.next()
		if word == "*" {
			// ON is reserved and privileges are words: the first ON is the one before the object.
			for t.kind == tokenWord || l.is(t, ",") {
				ahead := *l
				if ahead.is(ahead.next(), form[i+1]) {
					break
				}
				t = l.next()
			}
		}
		switch word {
		case "*", "?":
			ok = t.kind != tokenEnd
		case "NAME":
			name, ok = t, t.kind == tokenWord || t.kind == tokenQuoted
		default:
			ok = l.is(t, word)
		}
		if !ok {
			return token{}, false
		}
	}
	return name, true
}

func sessionAuthorization(stmt string) bool {
	l := lexer{text: stmt}
	verb := l.next()
	return (l.is(verb, "set") || l.is(verb, "reset")) && l.is(l.next(), "session") && l.is(l.next(), "authorization")
}
