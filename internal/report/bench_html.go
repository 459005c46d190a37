package report

import (
	"bytes"
	"fmt"
	"html/template"
	"strconv"
)

// benchPage is what the template shows, all texts in their final form.
type benchPage struct {
	CSS    template.CSS
	Policy string
	Head   htmlHead
	Words  []string
	Flags  string
	Notes  []string
	Lead   string
	Groups []benchFigure
	Tables []benchTableView
	Foot   [][2]string
}

type benchFigure struct {
	Title, What string
	Bars        []benchBar
}

// benchBar is a rate with its spread, in shares of the widest one on the same scale.
type benchBar struct {
	Name, Title, Class, Value, Rows, Failed string
	W, Low, High                            string
}

type benchTableView struct {
	ID, Title string
	Heads     []string
	Rows      [][]string
	Note      string
}

// HTML is the result as a page for a browser, which loads nothing and has no script.
func (b Bench) HTML() ([]byte, error) {
	var css []byte
	for _, name := range []string{"html/page.css", "html/bench.css"} {
		text, err := htmlFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("bench page: %w", err)
		}
		css = append(css, text...)
	}
	t, err := template.ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("bench page: %w", err)
	}
	p := benchPage{
		CSS:    template.CSS(css), //nolint:gosec // a file of ours
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; base-uri 'none'; form-action 'none'", hashSource(css)),
		Head:   b.head(), Words: convert(b.Verdict.Lines, printable), Notes: convert(b.Notes, printable),
		Groups: b.figures(), Tables: b.tables(), Foot: b.foot(),
		Lead: "The bar is the median of reading, the mean of writing; the line over it reaches from the 10th to the 90th percentile of the intervals.",
	}
	if s := b.Sample; s != nil && s.TextBytes > 0 && s.BinaryBytes > 0 {
		p.Lead += fmt.Sprintf(" Bytes are each format's own: 1 MB in binary holds the rows of %.2f MB as text.", float64(s.TextBytes)/float64(s.BinaryBytes))
	}
	if b.Verdict.Flags != nil && b.Verdict.Bound != nil && b.Target != nil {
		p.Flags = "pgsluice copy … " + *b.Verdict.Flags
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "bench.tmpl", p); err != nil {
		return nil, fmt.Errorf("bench page: %w", err)
	}
	return out.Bytes(), nil
}

func (b Bench) head() htmlHead {
	h := htmlHead{Command: "pgsluice bench", Source: printable(b.Source.Database), From: b.Source.text(), Exit: "Exit code " + strconv.Itoa(b.ExitCode)}
	if b.Target != nil {
		h.Target, h.To = printable(b.Target.Database), b.Target.text()
	}
	switch b.Outcome {
	case BenchComplete:
		h.Tone, h.Outcome = "ok", "Measured"
	case BenchIncomplete:
		h.Tone, h.Outcome = "warn", "Measured, with failures"
	case BenchInterrupted:
		h.Tone, h.Outcome = "stop", "Interrupted: what was measured until then"
	default:
		h.Tone, h.Outcome = "bad", "Failed: what was measured until then"
	}
	if b.Error != nil {
		h.Error = printableLines(*b.Error)
	}
	h.Title = "Bench: " + h.Source
	if h.Target != "" {
		h.Title += " · " + h.Target
	}
	v := b.Verdict
	add := func(word, text string) { h.Facts = append(h.Facts, [2]string{word, text}) }
	if v.Bound != nil {
		add("bound by", benchBounds[*v.Bound])
	}
	if v.BytesPerSecond != nil {
		add("rows, as text", formatMB(*v.BytesPerSecond)+" MB/s")
	}
	if v.DataPhaseSeconds != nil {
		add("data phase", formatDuration(inSeconds(*v.DataPhaseSeconds)))
	}
	if v.Jobs != nil {
		add("streams", strconv.Itoa(*v.Jobs))
	}
	if v.Format != nil {
		add("format", *v.Format)
	}
	return h
}

// The outcomes of a bench.
const (
	BenchComplete    = "complete"
	BenchIncomplete  = "incomplete"
	BenchInterrupted = "interrupted"
	BenchFailed      = "failed"
)

var benchBounds = map[string]string{"source": "the source", "target": "the target", kindSourceLink: "the link from the source", kindTargetLink: "the link to the target"}

// figures are the bar charts. What moves rows has one scale, so that source and target can be compared; links have another.
func (b Bench) figures() []benchFigure {
	top := map[bool]float64{}
	for _, m := range b.Measurements {
		top[m.isLink()] = max(top[m.isLink()], m.High, m.BytesPerSecond)
	}
	var figures []benchFigure
	for _, g := range b.groups() {
		f := benchFigure{Title: g.title, What: g.what}
		for _, m := range g.rows {
			bar := benchBar{Name: m.name(), Class: "p-data", Value: formatMB(m.BytesPerSecond)}
			if m.Format == "text" {
				bar.Class = "p-indexes"
			}
			if m.isLink() {
				bar.Class = "p-finish"
			} else {
				bar.Rows = " · " + formatCount(int64(m.RowsPerSecond)) + " rows/s"
			}
			if m.Error != nil {
				bar.Failed = printable(*m.Error)
			}
			share := func(rate float64) string { return percent(min(1, rate/max(1, top[m.isLink()]))) }
			bar.W, bar.Low, bar.High = share(m.BytesPerSecond), share(m.Low), share(m.High)
			bar.Title = fmt.Sprintf("%s: %s MB/s, from %s to %s", m.name(), bar.Value, formatMB(m.Low), formatMB(m.High))
			f.Bars = append(f.Bars, bar)
		}
		figures = append(figures, f)
	}
	return figures
}

func (b Bench) tables() []benchTableView {
	var views []benchTableView
	if len(b.Compressions) > 0 {
		v := benchTableView{ID: "compression", Title: "Compression of the sample", Heads: []string{"method", "MB/s", "ratio"}, Note: "On one core of the machine where bench ran."}
		for _, c := range b.Compressions {
			v.Rows = append(v.Rows, []string{c.Method + ", " + c.Format, formatMB(c.BytesPerSecond), fmt.Sprintf("%.2f : 1", c.Ratio)})
		}
		views = append(views, v)
	}
	if len(b.Tables) > 0 {
		v := benchTableView{ID: "tables", Title: "Tables that were read", Heads: []string{"table", "about, as text"}}
		for _, t := range b.Tables {
			v.Rows = append(v.Rows, []string{printable(t.Name), formatBytes(t.Bytes)})
		}
		if rest := b.TablesTotal - len(b.Tables); rest > 0 {
			v.Note = fmt.Sprintf("The largest ones; the database has %s in all, about %s.", plural(b.TablesTotal, "table", "tables"), formatBytes(b.BytesTotal))
		}
		views = append(views, v)
	}
	return views
}

func (b Bench) foot() [][2]string {
	moment := func(m string) string { return m + " UTC" }
	pairs := [][2]string{{"source", b.Source.text()}}
	if b.Target != nil {
		pairs = append(pairs, [2]string{"target", b.Target.text()})
	}
	if s := b.sampleWords(); s != "" {
		pairs = append(pairs, [2]string{"sample", s})
	}
	return append(pairs,
		[2]string{"each", fmt.Sprintf("%s or %s, %s at most", formatDuration(inSeconds(b.DurationSeconds)), formatBytes(b.BytesLimit), plural(b.Jobs, "stream", "streams"))},
		[2]string{"started", moment(b.Started.UTC().Format("2006-01-02 15:04:05"))},
		[2]string{"ended", moment(b.Ended.UTC().Format("2006-01-02 15:04:05"))},
		[2]string{"pgsluice", printable(b.PgsluiceVersion)})
}
