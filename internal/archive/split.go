package archive

import (
	"iter"
	"strings"
)

// SplitStatements cuts SQL text at the semicolons that end statements and returns the statements without them, each
// from its first to its last token: white space and comments around statements are dropped, those inside are kept.
// Text without a statement gives none.
//
// Semicolons in quotes, dollar quotes, comments and parentheses (CREATE RULE) end nothing, nor do those in the body of
// a function or procedure in SQL (BEGIN ATOMIC … END). It is for TOC entries, not for psql scripts: psql's backslash
// commands, and rows after COPY FROM stdin, are not understood.
func SplitStatements(sql string) []string {
	var list []string
	for stmt := range statements(sql) {
		list = append(list, stmt.text(sql))
	}
	return list
}

// span is the place of a statement in a text.
type span struct{ start, end int }

func (s span) text(sql string) string { return sql[s.start:s.end] }

func statements(sql string) iter.Seq[span] {
	return func(yield func(span) bool) {
		l := lexer{text: sql}
		var b body
		for s := (span{start: -1}); ; {
			t := l.next()
			ends := t.kind == tokenEnd || l.is(t, ";") && !b.open()
			switch {
			case ends && s.start >= 0:
				if !yield(s) {
					return
				}
				s, b = span{start: -1}, body{}
			case !ends:
				b.add(&l, t)
				if s.start < 0 {
					s.start = t.start
				}
				s.end = t.end
			}
			if t.kind == tokenEnd {
				return
			}
		}
	}
}

// body knows whether a statement is inside parentheses or the BEGIN ATOMIC … END of a routine, where semicolons do not
// end it (psqlscan_track_identifier and the rules for parentheses in psqlscan.l).
type body struct {
	parens, depth int
	head          string // of each of the statement's first four words the first letter if a CREATE routine can have it, else -
	afterBegin    bool
}

func (b *body) open() bool { return b.parens > 0 || b.depth > 0 }

func (b *body) add(l *lexer, t token) {
	afterBegin := b.afterBegin
	b.afterBegin = false
	switch {
	case l.is(t, "("):
		b.parens++
	case l.is(t, ")"):
		b.parens = max(b.parens-1, 0)
	case t.kind == tokenWord && b.parens == 0 && (len(b.head) < 4 || b.routine()):
		b.word(lowerASCII(l.text[t.start:t.end]), afterBegin)
	}
}

func (b *body) word(word string, afterBegin bool) {
	if len(b.head) < 4 {
		switch word {
		case "create", "or", "replace", "function", "procedure":
			b.head += word[:1]
		default:
			b.head += "-"
		}
	}
	if !b.routine() {
		return
	}
	// psql counts every begin. But begin is not reserved, so pg_dump leaves a function or a column of that name
	// unquoted; and bodies do not nest. CASE and END are reserved: where they are not quoted they are keywords.
	switch {
	case word == "begin":
		b.afterBegin = true
	case word == "atomic" && afterBegin && b.depth == 0:
		b.depth = 1
	case word == "case" && b.depth > 0:
		b.depth++
	case word == "end" && b.depth > 0:
		b.depth--
	}
}

// routine reports whether the statement starts with CREATE [OR REPLACE] FUNCTION or PROCEDURE.
func (b *body) routine() bool {
	h, create := strings.CutPrefix(b.head, "c")
	h = strings.TrimPrefix(h, "or")
	return create && (strings.HasPrefix(h, "f") || strings.HasPrefix(h, "p"))
}
