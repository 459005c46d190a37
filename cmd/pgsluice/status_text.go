package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"pgsluice/internal/transfer"
)

// listedTables is how many of a list are shown; JSON has all.
const listedTables = 20

// statusText writes for people what a target says of a copy.
type statusText struct {
	*transfer.Status
	typed string // the target, as a command line names it; "" where the variable does
	width int    // 0 for lines as long as they are
	b     strings.Builder
}

func newStatusText(s *transfer.Status, typed string, width int) *statusText {
	return &statusText{Status: s, typed: typed, width: width}
}

func (t *statusText) String() string {
	if t.Copy == nil {
		t.nothing()
		return t.b.String()
	}
	t.line(0, fmt.Sprintf("%s holds a copy of %s that is not complete.", t.Target, t.Copy.Source))
	t.facts()
	t.phases()
	t.tables()
	t.failures()
	t.snapshots()
	t.advice()
	return t.b.String()
}

func (t *statusText) nothing() {
	switch {
	case t.AtWork == nil:
		t.line(0, fmt.Sprintf("%s: no copy is under way and none was left incomplete.", t.Target))
	case t.AtWork.Gone:
		t.line(0, fmt.Sprintf("%s: nothing was left incomplete. A pgsluice that seems to be dead has claimed it (%s).", t.Target, atWork(t.AtWork)))
	default:
		t.line(0, fmt.Sprintf("%s: a copy is about to begin (%s).", t.Target, atWork(t.AtWork)))
	}
}

// line writes text, further lines indented by hang more than the first.
func (t *statusText) line(hang int, text string) {
	text = escapeControls(text)
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	if t.width > 0 && len([]rune(text)) > t.width {
		text = lead + strings.Join(wrapText(text, t.width-hang-len(lead)), "\n"+strings.Repeat(" ", len(lead)+hang))
	}
	t.b.WriteString(text + "\n")
}

func (t *statusText) heading(text string) { t.b.WriteString("\n" + text + "\n") }

func moment(at time.Time) string { return at.UTC().Format(time.DateTime) + " UTC" }

func (t *statusText) facts() {
	k := t.Copy
	t.b.WriteString("\n")
	pair := func(word, text string) {
		if text == "" {
			return
		}
		lead := fmt.Sprintf("  %-9s ", word)
		lines := []string{escapeControls(text)}
		if t.width > 0 {
			lines = wrapText(lines[0], t.width-len(lead))
		}
		t.b.WriteString(lead + strings.Join(lines, "\n"+strings.Repeat(" ", len(lead))) + "\n")
	}
	pair("done", fmt.Sprintf("%s of %s tasks, %s of %s", humanize.Comma(int64(k.Done)), humanize.Comma(int64(k.Tasks)),
		humanize.Comma(int64(k.TablesDone())), countOf(int64(len(k.Tables)), "table", "tables")))
	pair("begun", moment(k.Began))
	if !k.Latest.IsZero() {
		pair("latest", moment(k.Latest))
	}
	if t.AtWork == nil {
		pair("at work", "nobody")
	} else {
		pair("at work", atWork(t.AtWork))
	}
	pair("options", k.Options)
	pair("pg_dump", k.PgDump)
	pair("id", k.ID)
}

// atWork says who is at work, and whether he lives.
func atWork(w *transfer.AtWork) string {
	text := "pid " + w.PID + " on the target"
	switch {
	case w.Gone:
		return text + ", which has given no sign of life for " + w.Silent.Round(time.Second).String()
	case w.Seen:
		return text + ", last sign of life " + w.Silent.Round(time.Second).String() + " ago"
	}
	return text
}

func (t *statusText) phases() {
	t.heading(fmt.Sprintf("%-14s %15s %16s %10s", "Phases", "tasks", "rows", "bytes"))
	for _, p := range t.Copy.Phases {
		rows, bytes := "", ""
		if p.Rows > 0 || p.Bytes > 0 {
			rows, bytes = humanize.Comma(p.Rows), humanize.Bytes(uint64(max(p.Bytes, 0)))
		}
		tasks := humanize.Comma(int64(p.Done)) + " of " + humanize.Comma(int64(p.Total))
		t.b.WriteString(strings.TrimRight(fmt.Sprintf("  %-12s %15s %16s %10s", p.Name, tasks, rows, bytes), " ") + "\n")
	}
}

// tables lists those that have not arrived in full.
func (t *statusText) tables() {
	var missing []transfer.KeptTable
	for _, table := range t.Copy.Tables {
		if table.Done < table.Parts {
			missing = append(missing, table)
		}
	}
	if len(missing) == 0 {
		return
	}
	t.heading(fmt.Sprintf("Tables not complete (%s)", humanize.Comma(int64(len(missing)))))
	for _, table := range missing[:min(len(missing), listedTables)] {
		t.line(2, "  "+table.Name+": "+stillToCome(table))
	}
	t.more(len(missing))
}

func (t *statusText) more(n int) {
	if n > listedTables {
		t.line(0, fmt.Sprintf("  and %s more: --format json lists all", humanize.Comma(int64(n-listedTables))))
	}
}

func stillToCome(table transfer.KeptTable) string {
	about := ""
	if table.Expected > 0 {
		about = fmt.Sprintf(" of about %s rows, %s", humanize.Comma(table.ExpectedRows), humanize.Bytes(uint64(table.Expected)))
	}
	if table.Done == 0 {
		return "nothing" + about
	}
	return fmt.Sprintf("%d of %d parts, %s rows%s", table.Done, table.Parts, humanize.Comma(table.Rows), about)
}

func (t *statusText) failures() {
	failed := t.Copy.Failed
	if len(failed) == 0 {
		return
	}
	t.heading(fmt.Sprintf("Failed (%s)", humanize.Comma(int64(len(failed)))))
	for _, f := range failed[:min(len(failed), listedTables)] {
		text := f.Error
		if f.There {
			text = "it is there, but: " + text
		}
		t.line(2, "  "+f.Kind+" "+f.Name+": "+strings.ReplaceAll(text, "\n", "; "))
	}
	t.more(len(failed))
}

func (t *statusText) snapshots() {
	switch list := t.Copy.Snapshots; len(list) {
	case 0:
	case 1:
		t.heading("Snapshot")
		t.line(2, "  "+moment(list[0].Taken)+": "+list[0].Name)
	default:
		t.heading(fmt.Sprintf("Snapshots (%d): the rows are of different moments", len(list)))
		for _, s := range list {
			shown := strings.Join(s.Tables[:min(len(s.Tables), listedTables)], ", ")
			if n := len(s.Tables) - listedTables; n > 0 {
				shown += fmt.Sprintf(" and %s more", humanize.Comma(int64(n)))
			}
			t.line(2, "  "+moment(s.Taken)+": "+shown)
		}
	}
}

// advice says what to do next. Commands are not broken into lines: they are there to be taken.
func (t *statusText) advice() {
	t.heading("What to do")
	switch {
	case t.AtWork != nil && !t.AtWork.Gone:
		t.line(0, "  Nothing: a pgsluice is at work on it.")
		return
	case t.AtWork != nil:
		t.line(0, "  The pgsluice that was at work seems to be dead; each of these ends its session:")
	}
	for _, s := range t.steps() {
		if s.what != stepLook { // it is being done
			t.b.WriteString("  " + s.String() + "\n")
		}
	}
}

// countOf writes a count with its noun.
func countOf(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(n) + " " + many
}

// steps are what can be done about what the target has.
func (t statusText) steps() []step {
	k := kept{
		origin: "SOURCE", target: t.typed, flags: strings.Fields(t.Copy.Options), database: t.Target.Database,
		isMixed: len(t.Copy.Snapshots) > 1, restore: t.Copy.Archived,
	}
	if k.restore {
		k.origin = "ARCHIVE"
	}
	return k.steps()
}
