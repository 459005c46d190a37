package archive

import "strings"

// quoted moves past text in quotes that has no escapes but the doubled quote. It reports whether the text has an end.
func (l *lexer) quoted(quote byte) (closed bool) {
	for l.pos++; l.pos < len(l.text); l.pos++ {
		if l.text[l.pos] != quote {
			continue
		}
		if l.peek(1) != quote {
			l.pos++
			return true
		}
		l.pos++
	}
	return false
}

// escaped moves past a string with backslash escapes, E'…', from its first quote on. Across white space with a
// newline the next '…' belongs to the same string (quotecontinue in psqlscan.l) and so has escapes too.
func (l *lexer) escaped() {
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			l.pos = min(l.pos+1, len(l.text)-1)
		case '\'':
			if l.peek(1) == '\'' {
				l.pos++
				continue
			}
			l.pos++
			end := l.pos
			if !l.continued() {
				l.pos = end
				return
			}
		}
	}
}

// continued moves to the quote that continues a string after its closing quote, if there is one.
func (l *lexer) continued() bool {
	newline := false
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == '-' && l.peek(1) == '-':
			l.lineComment()
		case space(c):
			newline = newline || c == '\n' || c == '\r'
			l.pos++
		default:
			return newline && c == '\''
		}
	}
	return false
}

// dollar moves past a dollar-quoted string, or just past the $ of a parameter such as $1.
func (l *lexer) dollar() {
	l.pos++
	n := 0
	for identStart(l.peek(n)) || n > 0 && digit(l.peek(n)) {
		n++
	}
	if l.peek(n) != '$' {
		return
	}
	delim := l.text[l.pos-1 : l.pos+n+1]
	l.pos += n + 1
	if body := strings.Index(l.text[l.pos:], delim); body >= 0 {
		l.pos += body + len(delim)
	} else {
		l.pos = len(l.text)
	}
}
