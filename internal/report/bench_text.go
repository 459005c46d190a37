package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Text is the result for people, in lines of at most width columns; 0 is 80. Rates are in MB/s throughout, 10^6 bytes
// a second, so that they can be compared at a glance.
func (b Bench) Text(width int, color bool) string {
	if width == 0 {
		width = defaultWidth
	}
	p := &page{width: min(width, benchWidth), color: color}
	p.heading("Servers", "")
	sides := [][2]string{{"source", b.Source.text()}}
	if b.Target != nil {
		sides = append(sides, [2]string{"target", b.Target.text()})
	}
	if s := b.sampleWords(); s != "" {
		sides = append(sides, [2]string{"sample", s})
	}
	p.pairs(sides)
	for _, group := range b.groups() {
		var rows [][]string
		heads := []column{{}, {head: "MB/s"}, {head: "from – to"}, {head: "moved"}, {head: "rows/s"}}
		for _, m := range group.rows {
			cells := m.cells()
			if m.isLink() { // no rows to speak of
				heads, cells = heads[:4], cells[:4]
			}
			rows = append(rows, cells)
		}
		p.table(group.title, heads, rows)
		for _, m := range group.rows {
			if m.Error != nil {
				p.paragraph(m.name() + ": " + printable(*m.Error))
			}
		}
	}
	if len(b.Compressions) > 0 {
		var rows [][]string
		for _, c := range b.Compressions {
			rows = append(rows, []string{c.Method + ", " + c.Format, formatMB(c.BytesPerSecond), fmt.Sprintf("%.2f : 1", c.Ratio)})
		}
		p.table("Compression of the sample, one core of this machine", []column{{}, {head: "MB/s"}, {head: "ratio"}}, rows)
	}
	if len(b.Notes) > 0 {
		p.heading("Notes", "")
		for _, n := range b.Notes {
			p.paragraph(printable(n) + ".")
		}
	}
	p.heading("In words", "")
	for _, line := range b.Verdict.Lines {
		p.paragraph(printable(line))
	}
	if b.Verdict.Flags != nil && b.Verdict.Bound != nil && b.Target != nil {
		p.paragraph("Flags: pgsluice copy … " + *b.Verdict.Flags)
	}
	return p.b.String()
}

const (
	defaultWidth = 80
	// benchWidth keeps the figures near their names on a wide terminal.
	benchWidth = 100
)

// benchGroup is measurements of one kind.
type benchGroup struct {
	kind, title, what string
	rows              []BenchMeasurement
}

// groups are the kinds that were measured.
func (b Bench) groups() []benchGroup {
	var groups []benchGroup
	for _, g := range []benchGroup{
		{kind: kindSourceRead, title: "Reading the source", what: "Real tables, thrown away on arrival."},
		{kind: kindTargetWrite, title: "Writing to the target", what: "The sample, into tables without indexes, one for each stream; WAL included."},
		{kind: kindThrough, title: "Source to target", what: "Real rows of the sample's table, as a copy moves them."},
		{kind: kindSourceLink, title: "Link from the source", what: "Bytes that cost the server next to nothing."},
		{kind: kindTargetLink, title: "Link to the target", what: "Bytes that the server takes and drops."},
	} {
		for _, m := range b.Measurements {
			if m.Kind == g.kind {
				g.rows = append(g.rows, m)
			}
		}
		slices.SortStableFunc(g.rows, func(x, y BenchMeasurement) int {
			return strings.Compare(y.Format, x.Format) // text before binary
		})
		if len(g.rows) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func (m BenchMeasurement) isLink() bool { return m.Kind == kindSourceLink || m.Kind == kindTargetLink }

func (m BenchMeasurement) name() string {
	name := plural(m.Streams, "stream", "streams")
	if !m.isLink() {
		name = m.Format + ", " + name
	}
	return name
}

func (m BenchMeasurement) cells() []string {
	if m.Error != nil {
		return []string{m.name(), "failed", "", "", ""}
	}
	return []string{
		m.name(), formatMB(m.BytesPerSecond), formatMB(m.Low) + " – " + formatMB(m.High), formatBytes(m.Bytes) + " in " + formatDuration(inSeconds(m.Seconds)),
		formatCount(int64(m.RowsPerSecond)),
	}
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// formatMB is a number of 10^6 bytes, always with its unit in a head.
func formatMB(bytes float64) string {
	mb := bytes / 1e6
	switch {
	case mb >= 99.95:
		return humanize.Comma(int64(mb + 0.5))
	case mb >= 0.095 || mb == 0:
		return fmt.Sprintf("%.1f", mb)
	}
	return fmt.Sprintf("%.3f", mb)
}

// text is "db1:5432, database shop as app, PostgreSQL 15.18; round trip 0.42 ms (0.40–0.50)".
func (s BenchSide) text() string {
	number, _, _ := strings.Cut(s.ServerVersion, " ") // without the packager's own
	text := Endpoint{Host: s.Host, Port: s.Port, Database: s.Database, User: s.User, ServerVersion: number}.text()
	if s.Standby {
		text += ", a standby"
	}
	if s.TLS {
		text += ", over TLS"
	}
	if s.RoundTripSeconds > 0 {
		text += fmt.Sprintf("; round trip %s ms (%s–%s)", formatMillis(s.RoundTripSeconds), formatMillis(s.RoundTripLow), formatMillis(s.RoundTripHigh))
	}
	return text
}

func formatMillis(s float64) string {
	if s < 0.01 {
		return fmt.Sprintf("%.2f", 1000*s)
	}
	return fmt.Sprintf("%.1f", 1000*s)
}

func (b Bench) sampleWords() string {
	s := b.Sample
	if s == nil || s.Rows == 0 {
		return ""
	}
	from := "generated"
	if s.Table != "" {
		from = "of table " + printable(s.Table)
	}
	text := fmt.Sprintf("%s %s: %s as text", plural(s.Rows, "row", "rows"), from, formatBytes(s.TextBytes))
	if s.BinaryBytes > 0 {
		text += ", " + formatBytes(s.BinaryBytes) + " in binary"
	}
	return text
}
