package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// runeWidth is the number of terminal columns that r takes.
func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// printable escapes what could steer a terminal or reorder a line: an identifier may hold any
// character but NUL.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r) // an invalid byte becomes U+FFFD
		}
	}
	return b.String()
}

// clip shortens s to at most max columns by an ellipsis in its middle: the ends of a name tell
// more than its middle.
func clip(s string, limit int) string {
	if displayWidth(s) <= limit {
		return s
	}
	if limit < 1 {
		return ""
	}
	tail := (limit - 1) / 2
	head := limit - 1 - tail

	cut, used := 0, 0
	for i, r := range s {
		w := runeWidth(r)
		if used+w > head {
			break
		}
		used += w
		cut = i + utf8.RuneLen(r)
	}
	from, used := len(s), 0
	for i := len(s); i > cut; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		w := runeWidth(r)
		if used+w > tail {
			break
		}
		used += w
		i -= size
		// A mark that combines with a character left out would land on the ellipsis.
		if w > 0 {
			from = i
		}
	}
	return s[:cut] + "…" + s[from:]
}

// pad fills s with spaces to n columns, on the left if right-aligned.
func pad(s string, n int, right bool) string {
	fill := strings.Repeat(" ", max(n-displayWidth(s), 0))
	if right {
		return fill + s
	}
	return s + fill
}

// wrap breaks s at spaces so that each line takes at most limit columns, but not between a number and
// its unit; a word that is longer is cut.
// limit 0 means no limit. There is always at least one line.
func wrap(s string, limit int) []string {
	if limit <= 0 {
		return []string{s}
	}
	var lines []string
	line, used := "", 0
	for _, word := range glue(strings.Fields(s)) {
		w := displayWidth(word)
		if line != "" && used+1+w > limit {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		for w > limit {
			head := fit(word, limit)
			lines = append(lines, head)
			word = word[len(head):]
			w = displayWidth(word)
		}
		line, used = line+word, used+w
	}
	return append(lines, line)
}

// glue joins each word that is a bare number with the word after it.
func glue(words []string) []string {
	var out []string
	number := false
	for _, word := range words {
		if number {
			out[len(out)-1] += " " + word
		} else {
			out = append(out, word)
		}
		number = !number && strings.Trim(word, "0123456789,.") == "" && !strings.HasSuffix(word, ",")
	}
	return out
}

// fit returns the longest beginning of s that takes at most limit columns, at least one character.
func fit(s string, limit int) string {
	used := 0
	for i, r := range s {
		used += runeWidth(r)
		if used > limit && i > 0 {
			return s[:i]
		}
	}
	return s
}
