package archive

import "fmt"

// ParseCopyStmt takes the COPY statement of a TABLE DATA entry apart (dumpTableData in pg_dump.c). Table and columns
// are SQL text, quoted where needed: "COPY public.t (a, \"b c\") FROM stdin;\n" gives `public.t` and `(a, "b c")`.
// Columns are "" if the statement lists none, as for a table without columns. The table of a partition's entry may be
// the partition's root.
func ParseCopyStmt(copyStmt string) (table, columns string, err error) {
	p := copyParser{lexer: lexer{text: copyStmt}}
	p.advance()
	p.keyword("COPY", "copy")
	table = p.table()
	columns = p.columns()
	if p.lexer.is(p.tok, "with") {
		p.expected("FROM (a table WITH OIDS can't be loaded by PostgreSQL 12 or newer)")
	}
	p.keyword("FROM", "from")
	p.keyword("STDIN", "stdin")
	if p.lexer.is(p.tok, ";") {
		p.advance()
	}
	if p.tok.kind != tokenEnd {
		p.expected("the end")
	}
	if p.err != nil {
		return "", "", p.err
	}
	return table, columns, nil
}

// copyParser keeps one token of look-ahead and the first error.
type copyParser struct {
	lexer lexer
	tok   token
	end   int // of the token before tok
	err   error
}

func (p *copyParser) advance() {
	p.end = p.tok.end
	p.tok = p.lexer.next()
}

func (p *copyParser) expected(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("COPY statement: expected %s at byte %d: %.200q", what, p.tok.start, p.lexer.text)
	}
}

func (p *copyParser) keyword(what, word string) {
	if !p.lexer.is(p.tok, word) {
		p.expected(what)
	}
	p.advance()
}

func (p *copyParser) name(what string) {
	if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
		p.expected(what)
	}
	p.advance()
}

func (p *copyParser) table() string {
	start := p.tok.start
	p.name("a table")
	if p.lexer.is(p.tok, ".") {
		p.advance()
		p.name("a table")
	}
	return p.lexer.text[start:p.end]
}

func (p *copyParser) columns() string {
	if !p.lexer.is(p.tok, "(") {
		return ""
	}
	start := p.tok.start
	p.advance()
	p.name("a column")
	for p.lexer.is(p.tok, ",") {
		p.advance()
		p.name("a column")
	}
	if !p.lexer.is(p.tok, ")") {
		p.expected(")")
	}
	p.advance()
	return p.lexer.text[start:p.end]
}
