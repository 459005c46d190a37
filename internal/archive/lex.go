package archive

import "strings"

// kind is the kind of a token, as coarse as the callers need it.
type kind int

const (
	tokenEnd    kind = iota // end of the text
	tokenWord               // an identifier or keyword without quotes
	tokenQuoted             // an identifier in double quotes
	tokenOther              // anything else: a string, or one character
)

// token is a piece of SQL text: text[start:end].
type token struct {
	kind       kind
	start, end int
}

// lexer cuts SQL text into tokens as the server and psql do (scan.l; psqlscan.l in fe_utils), for
// standard_conforming_strings = on; with off, pg_dump doubles both quotes and backslashes, so strings end at the same
// place. White space and comments lie between tokens. What has no end (a string, a comment) is one token up to the end
// of the text, so that the server sees it and can complain. Where the ends of tokens do not matter to the callers it is
// simpler: a number or an operator is a token for each character, and the letter of B'…', X'…', N'…', U&'…' and
// U&"…" is a token of its own.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() token {
	unclosed := l.skipSpace()
	t := token{start: l.pos, kind: tokenOther}
	switch {
	case l.pos == len(l.text):
		t.kind = tokenEnd
	case unclosed:
		l.pos = len(l.text)
	default:
		t.kind = l.scan()
	}
	t.end = l.pos
	return t
}

// scan moves past the token at pos.
func (l *lexer) scan() kind {
	c := l.text[l.pos]
	switch {
	case c == '\'':
		l.quoted('\'')
	case c == '"':
		if l.quoted('"') {
			return tokenQuoted
		}
	case c == '$':
		l.dollar()
	case (c == 'e' || c == 'E') && l.peek(1) == '\'':
		l.pos++
		l.escaped()
	case identStart(c):
		l.word()
		return tokenWord
	default:
		l.pos++
	}
	return tokenOther
}

// peek returns the byte i places after pos, or 0 at the end.
func (l *lexer) peek(i int) byte {
	if l.pos+i < len(l.text) {
		return l.text[l.pos+i]
	}
	return 0
}

// skipSpace moves to the next token. It reports a comment without an end, and then stays before it.
func (l *lexer) skipSpace() (unclosed bool) {
	for l.pos < len(l.text) {
		switch {
		case space(l.text[l.pos]):
			l.pos++
		case l.peek(0) == '-' && l.peek(1) == '-':
			l.lineComment()
		case l.peek(0) == '/' && l.peek(1) == '*':
			n := blockComment(l.text[l.pos:])
			if n < 0 {
				return true
			}
			l.pos += n
		default:
			return false
		}
	}
	return false
}

func (l *lexer) lineComment() {
	if n := strings.IndexAny(l.text[l.pos:], "\r\n"); n >= 0 {
		l.pos += n
	} else {
		l.pos = len(l.text)
	}
}

// blockComment returns the length of the comment that s starts with, or -1 if it has no end. Such comments nest.
func blockComment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func (l *lexer) word() {
	for c := l.peek(0); identStart(c) || digit(c) || c == '$'; c = l.peek(0) {
		l.pos++
	}
}

func space(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r' // tab, newline, vertical tab, form feed, return
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func identStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// name returns the identifier that a token of kind tokenWord or tokenQuoted stands for.
func (l *lexer) name(t token) string {
	s := l.text[t.start:t.end]
	if t.kind == tokenWord {
		return lowerASCII(s)
	}
	return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
}

// is reports whether t is this keyword or this single character.
func (l *lexer) is(t token, word string) bool {
	if t.end-t.start != len(word) {
		return false
	}
	for i := range len(word) {
		c := l.text[t.start+i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// lowerASCII folds as the server folds names in multi-byte encodings: A to Z only, and no other byte is touched.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
