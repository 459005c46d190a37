package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8/cwriter"

	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
	"pgsluice/internal/transfer"
)

// largestTables are listed unless all are asked for.
const largestTables = 20

// planText writes an outlook for people.
type planText struct {
	*transfer.Outlook
	width int // of the lines, 0 for lines as long as they are
	all   bool
	rate  int64 // bytes per second, 0 for no limit
	b     strings.Builder
}

// widthOf is the terminal's width, within what is comfortable to read, or 0 if w is none: then a line is what a program finds.
func widthOf(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := cwriter.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		return 0
	}
	return min(max(columns, 40), 140)
}

func (t *planText) String() string {
	t.servers()
	if t.Forecast != nil {
		t.objects()
		t.tables()
		t.order()
		t.duration()
		t.leftOut()
	}
	t.findings()
	return t.b.String()
}

// line writes head and text, which goes on behind head, or as far in, on further lines.
func (t *planText) line(head, text string) {
	text = preflight.OneLine(text)
	if room := t.width - len([]rune(head)); t.width > 0 && len([]rune(text)) > room {
		text = strings.Join(wrapText(text, room), "\n"+strings.Repeat(" ", len([]rune(head))))
	}
	t.b.WriteString(head + text + "\n")
}

func (t *planText) heading(text string) { t.b.WriteString("\n" + text + "\n") }

func (t *planText) servers() {
	for _, side := range []struct {
		name, encoding string
		e              transfer.Endpoint
	}{{"Source", t.SourceEncoding, t.Source}, {"Target", t.TargetEncoding, t.Target}} {
		if side.e.ServerVersion == "" {
			continue
		}
		version, _, _ := strings.Cut(side.e.ServerVersion, " ")
		host := fmt.Sprintf("%s:%d", side.e.Host, side.e.Port)
		if strings.HasPrefix(side.e.Host, "/") {
			host = fmt.Sprintf("%s port %d", side.e.Host, side.e.Port)
		}
		t.line(side.name+"  ", fmt.Sprintf("%s at %s, PostgreSQL %s, %s, as user %s", side.e.Database, host, version, side.encoding, side.e.User))
	}
}

// objects counts what there is, by kind.
func (t *planText) objects() {
	t.heading("What would be copied")
	var words []string
	for _, k := range objectKinds(t.Plan) {
		words = append(words, fmt.Sprintf("%d %s", k.N, k.plural()))
	}
	if len(words) == 0 {
		words = []string{"nothing"}
	}
	t.line("  ", strings.Join(words, ", "))
}

func (t *planText) tables() {
	f := t.Forecast
	if len(f.Tables) == 0 {
		return
	}
	shown := f.Tables
	if !t.all && len(shown) > largestTables {
		shown = shown[:largestTables]
	}
	name := len("table")
	for _, table := range shown {
		name = max(name, len([]rune(preflight.OneLine(table.Name))))
	}
	if t.width > 0 {
		name = min(name, max(t.width-57, 20))
	}
	row := func(cells ...string) {
		line := fmt.Sprintf("  %s%s %14s %9s %9s %6s %5s %6s", cells[0], strings.Repeat(" ", max(0, name-len([]rune(cells[0])))), cells[1], cells[2], cells[3], cells[4], cells[5], cells[6])
		t.b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	t.b.WriteString("\n")
	row("table", "about rows", "bytes", "indexes", "turn", "parts", "format")
	for _, table := range shown {
		row(shorten(preflight.OneLine(table.Name), name), humanize.Comma(table.Rows), preflight.Bytes(table.Bytes), preflight.Bytes(table.IndexBytes), fmt.Sprint(table.Begin), fmt.Sprint(max(table.Parts, 1)), rowFormat(table))
		if table.AsText != "" {
			t.line("    text: ", table.AsText)
		}
		if table.Whole != "" {
			t.line("    in one: ", table.Whole)
		}
	}
	if rest := f.Tables[len(shown):]; len(rest) > 0 {
		var sum transfer.ForecastTable
		for _, table := range rest {
			sum.Rows, sum.Bytes, sum.IndexBytes = sum.Rows+table.Rows, sum.Bytes+table.Bytes, sum.IndexBytes+table.IndexBytes
		}
		row(shorten(fmt.Sprintf("and %d more (--all)", len(rest)), name), humanize.Comma(sum.Rows), preflight.Bytes(sum.Bytes), preflight.Bytes(sum.IndexBytes), "", "", "")
	}
	row(shorten("together", name), humanize.Comma(f.Rows), preflight.Bytes(f.Bytes), preflight.Bytes(f.IndexBytes), "", "", "")
}

// shorten cuts the middle out of a name that is too long: both ends tell names apart.
func shorten(name string, width int) string {
	letters := []rune(name)
	if len(letters) <= width {
		return name
	}
	head := (width - 1) / 2
	return string(letters[:head]) + "…" + string(letters[len(letters)-(width-1-head):])
}

var phaseNames = map[plan.Phase]string{
	plan.Schema: "schema", plan.Data: "data", plan.Indexes: "indexes", plan.Constraints: "constraints", plan.Finish: "finish",
}

func (t *planText) order() {
	f := t.Forecast
	t.heading(fmt.Sprintf("In which order, with --jobs %d --index-jobs %d", t.Jobs, t.IndexJobs))
	for _, p := range f.Phases {
		text := counted(p.Tasks, "task")
		switch {
		case p.Phase == plan.Schema:
			text += ", one after the other"
		case p.Phase == plan.Finish:
			text += ", when the rest is done"
		case p.Tasks <= len(p.First):
			text += ": " + taskNames(p.First, ", ")
		default:
			text += ", begins with " + taskNames(p.First, ", ")
		}
		t.line(fmt.Sprintf("  %-12s ", phaseNames[p.Phase]), text)
	}
	if len(f.Path) > 1 {
		t.line("  ", "The longest chain, which no number of jobs makes shorter: "+taskNames(f.Path, " → "))
	}
}

func taskNames(tasks []*plan.Task, separator string) string {
	names := make([]string, len(tasks))
	for i, task := range tasks {
		names[i] = taskName(task)
	}
	return strings.Join(names, separator)
}

func taskName(task *plan.Task) string {
	switch {
	case task.Kind == plan.Rows:
		return "rows of " + task.Name
	case task.Kind == plan.LargeObjects:
		return task.Name
	}
	return strings.ToLower(task.Desc) + " " + task.Name
}

func (t *planText) duration() {
	t.heading("About how long")
	low, high := t.times()
	text := span(low, high) + ". "
	if t.rate > 0 && t.Forecast.Bytes > 0 {
		text += fmt.Sprintf("The rate limit alone makes it %s. ", roughly(t.limited()))
	}
	t.line("  ", text+"That rests on sizes that the source's catalogs tell, and on costs measured once on one machine with a free core for each job: "+
		"a slow network, disk or server takes longer.")
}

// times are the bounds of the estimate. The costs of different kinds of data lie a factor of four apart.
func (t *planText) times() (low, high time.Duration) {
	return max(t.Forecast.Took/2, t.limited()), max(t.Forecast.Took*2, t.limited()*11/10)
}

func (t *planText) limited() time.Duration {
	if t.rate <= 0 {
		return 0
	}
	return time.Duration(float64(t.Forecast.Bytes) / float64(t.rate) * float64(time.Second))
}

// span writes "about 3 to 12 min".
func span(low, high time.Duration) string {
	switch {
	case high < 10*time.Second:
		return "Less than " + roughly(high.Truncate(time.Second)+time.Second)
	case roughly(low) == roughly(high):
		return "About " + roughly(high)
	}
	a, b := strings.Fields(roughly(low)), strings.Fields(roughly(high))
	if a[1] == b[1] {
		return "About " + a[0] + " to " + roughly(high)
	}
	return "About " + roughly(low) + " to " + roughly(high)
}

// roughly writes a duration with one unit.
func roughly(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%.0f s", max(1, d.Seconds()))
	case d < 90*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}

func (t *planText) leftOut() {
	if len(t.Plan.LeftOut) == 0 {
		return
	}
	t.heading("What would be left out")
	for _, l := range t.Plan.LeftOut {
		t.line("  ", l.Object+": "+l.Reason)
	}
}

func (t *planText) findings() {
	if len(t.Findings) == 0 {
		t.heading("Nothing stands in the way.")
		return
	}
	t.heading("Findings")
	sorted := slices.Clone(t.Findings)
	slices.SortStableFunc(sorted, func(x, y preflight.Finding) int { return cmp.Compare(x.Level, y.Level) })
	for _, f := range sorted {
		head := fmt.Sprintf("  %-8s ", f.Level)
		if t.width == 0 || f.Do == "" {
			t.line(head, f.String())
			continue
		}
		do := f.Do
		f.Do = ""
		t.line(head, f.String())
		t.line(strings.Repeat(" ", len(head))+"→ ", do)
	}
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + one + "s"
}
