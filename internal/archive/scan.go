package archive

// Scan is what stands at the beginning of a script's text. Before Start are only white space and comments.
type Scan struct {
	Kind       ScanKind
	Start, End int // text[Start:End] is the statement with its semicolon, or the statement as far as it goes
}

// ScanKind is what ScanScript has found.
type ScanKind int

// What ScanScript finds. ScanCommand is a backslash outside of quotes, at End: one of psql's commands begins there. It stands
// between statements if Start is End, else within one.
const (
	ScanMore ScanKind = iota
	ScanStatement
	ScanCommand
)

// ScanScript finds the first statement in text as psql does, which sends it when it sees its semicolon; what does not
// end a statement is said at [SplitStatements]. ScanMore means that text ends before the statement does; with Start at
// the end of text it has none.
func ScanScript(text string) Scan {
	l := lexer{text: text}
	var b body
	s := Scan{Start: -1}
	for {
		t := l.next()
		if s.Start < 0 {
			s.Start = t.start
		}
		switch {
		case t.kind == tokenEnd:
			s.End = t.end
			return s
		case l.is(t, `\`):
			s.Kind, s.End = ScanCommand, t.start
			return s
		case l.is(t, ";") && !b.open():
			s.Kind, s.End = ScanStatement, t.end
			return s
		}
		b.add(&l, t)
	}
}
