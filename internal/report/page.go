package report

import (
	"strings"
)

// page lays out text in a fixed width.
type page struct {
	b     strings.Builder
	width int
	color bool
}

// column is a column of a table. The first one takes the room that the others leave; its cells
// are shortened to it.
type column struct {
	head string
	left bool // aligned; the default is right, for numbers
}

const (
	indent = "  "
	gap    = "  "
	// minFirst is what the first column gets however narrow the page is: below it names are
	// no longer told apart, and a broken line does less harm.
	minFirst = 16
)

// heading starts a section. Only title is set off by colour; rest may be "".
func (p *page) heading(title, rest string) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	if p.color {
		title = "\x1b[1m" + title + "\x1b[0m"
	}
	p.line(title + rest)
}

func (p *page) line(s string) {
	p.b.WriteString(strings.TrimRight(s, " "))
	p.b.WriteByte('\n')
}

// table writes a section that is a table; its title stands over the first column, whose head
// is not used.
func (p *page) table(title string, cols []column, rows [][]string) {
	widths := make([]int, len(cols))
	first := p.width - len(indent)
	for i := 1; i < len(cols); i++ {
		widths[i] = displayWidth(cols[i].head)
		for _, row := range rows {
			widths[i] = max(widths[i], displayWidth(row[i]))
		}
		first -= len(gap) + widths[i]
	}
	widths[0] = max(first, minFirst)

	var heads strings.Builder
	heads.WriteString(strings.Repeat(" ", max(len(indent)+widths[0]-displayWidth(title), 0)))
	for i := 1; i < len(cols); i++ {
		heads.WriteString(gap + pad(cols[i].head, widths[i], !cols[i].left))
	}
	p.heading(title, heads.String())
	for _, row := range rows {
		line := indent + pad(clip(row[0], widths[0]), widths[0], false)
		for i := 1; i < len(cols); i++ {
			line += gap + pad(row[i], widths[i], !cols[i].left)
		}
		p.line(line)
	}
}

// pairs writes words with what they stand for, the latter wrapped in a column of its own. A pair
// whose second part is "" is left out.
func (p *page) pairs(pairs [][2]string) {
	label := 0
	for _, pair := range pairs {
		label = max(label, displayWidth(pair[0]))
	}
	room := max(p.width-len(indent)-label-len(gap), minFirst)
	for _, pair := range pairs {
		if pair[1] == "" {
			continue
		}
		for i, text := range wrap(pair[1], room) {
			word := ""
			if i == 0 {
				word = pair[0]
			}
			p.line(indent + pad(word, label, false) + gap + text)
		}
	}
}

// paragraph writes text, wrapped, its own line breaks kept, with a hanging indent.
func (p *page) paragraph(text string) {
	for i, part := range strings.Split(text, "\n") {
		for j, line := range wrap(printable(part), p.width-2*len(indent)) {
			if i == 0 && j == 0 {
				p.line(indent + line)
			} else {
				p.line(indent + indent + line)
			}
		}
	}
}
