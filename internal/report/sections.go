package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

func (p *page) phases(r Report) {
	var rows [][]string
	planned := 0
	for _, ph := range r.Progress.Phases {
		planned += ph.Total
		row := []string{ph.Phase.String(), phaseCounts(ph), "", ""}
		if begunHere(ph) {
			row[2] = formatDuration(ph.Span)
			row[3] = summed(ph)
		}
		rows = append(rows, row)
	}
	if planned == 0 {
		return
	}
	if outside := outsidePhases(r.Progress); outside >= time.Millisecond {
		rows = append(rows, []string{"outside the phases", "", formatDuration(outside), ""})
	}
	rows = append(rows, []string{"total", "", formatDuration(r.Progress.Elapsed), ""})
	p.table("Phases", []column{{}, {head: "tasks"}, {head: "span"}, {head: "summed"}}, rows)
}

func phaseCounts(ph progress.PhaseStatus) string {
	switch {
	case ph.Total == 0:
		return "none"
	case ph.Done == ph.Total && ph.Earlier > 0:
		return formatCount(int64(ph.Done)) + ", " + formatCount(int64(ph.Earlier)) + " before"
	case ph.Done == ph.Total:
		return formatCount(int64(ph.Done))
	}
	s := formatCount(int64(ph.Done)) + " of " + formatCount(int64(ph.Total))
	if ph.Failed > 0 {
		s += ", " + formatCount(int64(ph.Failed)) + " failed"
	} else if ph.State == progress.StateWaiting {
		s += ", not started"
	}
	return s
}

// summed is "" where the work was done one task after another: the span says it all.
func summed(ph progress.PhaseStatus) string {
	if ph.Work <= ph.Span || formatDuration(ph.Work) == formatDuration(ph.Span) {
		return ""
	}
	return formatDuration(ph.Work)
}

// outsidePhases is the time in which no phase was in work: before the first, in gaps, after the last.
func outsidePhases(s progress.Snapshot) time.Duration {
	phases := slices.Clone(s.Phases[:])
	slices.SortFunc(phases, func(a, b progress.PhaseStatus) int { return cmp.Compare(a.Start, b.Start) })
	var covered, until time.Duration
	for _, ph := range phases {
		if end := ph.Start + ph.Span; end > until {
			covered += end - max(ph.Start, until)
			until = end
		}
	}
	return s.Elapsed - covered
}

func (p *page) data(s progress.Snapshot) {
	if s.Phases[progress.Data].Total == 0 {
		return
	}
	d := s.Data
	before := earlierTables(s.Finished)
	tables := plural(d.TablesTotal-before, "table", "tables")
	if d.TablesDone != d.TablesTotal {
		tables = fmt.Sprintf("%s of %s", formatCount(int64(d.TablesDone-before)), tables)
	}
	rates := ""
	if d.Bytes > 0 {
		rates = fmt.Sprintf("%s average, %s peak, %s at the end",
			formatRate(d.Average), formatRate(d.Peak), formatRate(d.Windowed))
	}
	p.heading("Data", "")
	bytes := formatBytes(d.Bytes)
	if s.Phases[progress.Data].State == progress.StateFailed && d.Expected > d.Bytes {
		bytes = moved(d.Bytes, d.Expected)
	}
	p.pairs([][2]string{
		{"moved", fmt.Sprintf("%s, %s, %s", bytes, plural(d.Rows, "row", "rows"), tables)},
		{"written", written(d)},
		{"before", earlierText(s)},
		{"in vain", redoneText(d)},
		{"rate", rates},
		{"bottleneck", printable(s.Bottleneck.Text)},
		{"source", sourceText(s.Source)},
	})
}

func (p *page) tables(s progress.Snapshot) {
	// of those that an earlier run copied, no time is known
	tables := slices.DeleteFunc(collectTables(s.Finished), func(t table) bool { return t.parts == 0 })
	if len(tables) == 0 {
		return
	}
	title := fmt.Sprintf("Tables (%d)", len(tables))
	if len(tables) > slowest {
		title = fmt.Sprintf("Slowest tables (%d of %s)", slowest, formatCount(int64(len(tables))))
		tables = tables[:slowest]
	}
	var rows [][]string
	for _, t := range tables {
		rows = append(rows, []string{
			printable(t.name), formatCount(t.rows), formatBytes(t.bytes), formatDuration(t.span()), rateOver(t.bytes, t.span()),
		})
	}
	p.table(title, []column{{}, {head: "rows"}, {head: "bytes"}, {head: "duration"}, {head: "rate"}}, rows)
}

func (p *page) tasks(title string, s progress.Snapshot, phase progress.Phase) {
	tasks := slices.DeleteFunc(slowestTasks(s.Finished, phase), func(f progress.FinishedTask) bool {
		return f.Task.Kind == progress.Analyze // there may be one for each table: they are summed up below
	})
	if len(tasks) == 0 {
		return
	}
	var rows [][]string
	attached, attaching := 0, time.Duration(0)
	others, othersTime := 0, time.Duration(0)
	for _, t := range tasks {
		duration := formatDuration(t.Elapsed)
		switch {
		case strings.HasPrefix(t.Error, leftOutPrefix):
			duration = "left out"
		case t.Error != "":
			duration = "failed after " + duration
		case t.Task.Kind == "INDEX ATTACH": // builds nothing; a partitioned schema has hundreds
			attached++
			attaching += t.Elapsed
			continue
		case len(rows) == slowest:
			others++
			othersTime += t.Elapsed
			continue
		}
		rows = append(rows, []string{printable(t.Task.Name), printable(t.Task.Kind), duration})
	}
	count := formatCount(int64(len(rows) + others))
	if others > 0 {
		title, count = "Slowest "+strings.ToLower(title), fmt.Sprintf("%d of %s", len(rows), count)
		rows = append(rows, []string{"all others: " + formatCount(int64(others)), "", formatDuration(othersTime)})
	}
	title += " (" + count + ")"
	if attached > 0 {
		rows = append(rows, []string{
			"attached to partitioned indexes: " + formatCount(int64(attached)), "INDEX ATTACH", formatDuration(attaching),
		})
	}
	p.table(title, []column{{}, {head: "kind", left: true}, {head: "duration"}}, rows)
}

// analyze sums up what planner statistics cost.
func (p *page) analyze(s progress.Snapshot) {
	tasks := analyzed(s.Finished)
	if len(tasks) == 0 {
		return
	}
	tables := plural(s.Analyze.Total, "table", "tables")
	if s.Analyze.Done != s.Analyze.Total {
		tables = formatCount(int64(s.Analyze.Done)) + " of " + tables
	}
	took := formatDuration(tasks[0].Elapsed)
	if len(tasks) > 1 {
		took = formatDuration(summedTime(tasks)) + " summed, " + took + " for the slowest, " +
			clip(printable(tasks[0].Task.Name), nameColumns)
	}
	p.heading("Statistics", "")
	p.pairs([][2]string{{"analyzed", tables}, {"time", took}})
}

func (p *page) lists(s progress.Snapshot) {
	var leftOut, warnings, failures []string
	for _, l := range s.LeftOut {
		leftOut = append(leftOut, about(l.Object, l.Reason))
	}
	for _, w := range s.Warnings {
		warnings = append(warnings, about(w.Object, w.Message))
	}
	for _, f := range s.Failures {
		failures = append(failures, about(f.Task.Kind+" "+f.Task.Name, f.Error))
	}
	p.list("Held up on the source", everHeldUp(s.Source))
	p.list("Left out", leftOut)
	p.list("Warnings", warnings)
	p.list("Failures", failures)
}

func (p *page) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	p.heading(title+" ("+formatCount(int64(len(items)))+")", "")
	for _, item := range items {
		p.paragraph(item)
	}
}

// about escapes the object here: a line break in a name is not one of the message's.
func about(object, text string) string {
	if object == "" {
		return text
	}
	return printable(object) + ": " + text
}
