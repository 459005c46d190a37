package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// htmlTable is a table of the page. Its rows are sorted, and a reader may sort them by another column.
type htmlTable struct {
	ID, Title, Noun string
	Columns         []htmlColumn
	Rows            []htmlRow
	Note            string
}

type htmlColumn struct {
	Head   string
	Number bool
	Sorted string // aria-sort: ascending or descending; "" if the rows aren't sorted by it
}

type htmlRow struct {
	Bad   bool
	Cells []htmlCell
}

type htmlCell struct {
	Text, Mark string // the mark is set apart behind the text
	Quiet      bool   // the mark is no warning
	Key        string // a number to sort by; "": the text
	Number     bool
}

func textCell(s string) htmlCell { return htmlCell{Text: s} }

func numberCell(s string, key int64) htmlCell {
	return htmlCell{Text: s, Key: strconv.FormatInt(key, 10), Number: true}
}

func durationCell(d time.Duration) htmlCell { return numberCell(formatDuration(d), d.Microseconds()) }

func htmlTables(r Report) []htmlTable {
	s := r.Progress
	var all []htmlTable
	for _, t := range []htmlTable{
		copiedTables(s),
		taskTable("indexes", "Indexes", r, progress.Indexes, func(string) bool { return true }),
		taskTable("constraints", "Constraints", r, progress.Constraints, func(kind string) bool { return kind != progress.Analyze }),
		taskTable("statistics", "Statistics", r, progress.Constraints, func(kind string) bool { return kind == progress.Analyze }),
	} {
		if len(t.Rows) > 0 {
			t.Title += " (" + formatCount(int64(len(t.Rows))) + ")"
			all = append(all, t)
		}
	}
	return all
}

// ended are all tasks of a phase as if they had ended, and which of them didn't end well: by their IDs.
func ended(s progress.Snapshot, phase progress.Phase) (tasks []progress.FinishedTask, bad map[int]string) {
	bad = map[int]string{}
	for _, f := range s.Finished {
		if f.Task.Phase == phase {
			tasks = append(tasks, f)
			if f.Error != "" {
				bad[f.Task.ID] = "failed"
			}
		}
	}
	for _, t := range cutOff(s) {
		if t.Task.Phase == phase {
			tasks = append(tasks, t)
			bad[t.Task.ID] = "cut off"
		}
	}
	return tasks, bad
}

// copiedTables also lists what did not arrive in full, marked as such.
func copiedTables(s progress.Snapshot) htmlTable {
	t := htmlTable{ID: "tables", Title: "Tables", Noun: "tables", Columns: []htmlColumn{
		{Head: "table"},
		{Head: "rows", Number: true},
		{Head: "bytes", Number: true},
		{Head: "time", Number: true, Sorted: "descending"},
		{Head: "rate", Number: true},
		{Head: "parts", Number: true},
	}}
	tasks, bad := ended(s, progress.Data)
	marks := map[string]string{}
	for i := range tasks {
		task := tasks[i].Task
		if mark := bad[task.ID]; mark != "" {
			name := task.Name
			if task.Kind == progress.TableData {
				name = cmp.Or(task.Table, name)
			}
			marks[name] = mark
			tasks[i].Error = "" // collectTables passes over what failed
		}
	}
	for _, c := range collectTables(tasks) {
		perSecond := int64(0)
		if c.span() > 0 {
			perSecond = int64(float64(c.bytes) / c.span().Seconds())
		}
		mark := marks[c.name]
		if c.parts == 0 {
			t.Rows = append(t.Rows, earlierRow(c))
			continue
		}
		t.Rows = append(t.Rows, htmlRow{Bad: mark != "", Cells: []htmlCell{
			{Text: printable(c.name), Mark: mark},
			numberCell(formatCount(c.rows), c.rows),
			numberCell(formatBytes(c.bytes), c.bytes),
			durationCell(c.span()),
			numberCell(rateOver(c.bytes, c.span()), perSecond),
			numberCell(formatCount(int64(c.parts)), int64(c.parts)),
		}})
	}
	return t
}

// taskTable lists the tasks of a phase that are of some kinds.
func taskTable(id, title string, r Report, phase progress.Phase, of func(kind string) bool) htmlTable {
	t := htmlTable{ID: id, Title: title, Noun: id, Columns: []htmlColumn{
		{Head: "name"},
		{Head: "kind"},
		{Head: "worker"},
		{Head: "start", Number: true},
		{Head: "time", Number: true, Sorted: "descending"},
	}}
	whole := wholeTime(r)
	tasks, bad := ended(r.Progress, phase)
	slices.SortStableFunc(tasks, func(a, b progress.FinishedTask) int {
		return cmp.Or(cmp.Compare(b.Elapsed, a.Elapsed), cmp.Compare(a.Task.Name, b.Task.Name))
	})
	earlier, attached, attaching := 0, 0, time.Duration(0)
	for _, f := range tasks {
		if !of(f.Task.Kind) {
			continue
		}
		if f.Earlier {
			earlier++
			continue
		}
		mark := bad[f.Task.ID]
		if f.Task.Kind == "INDEX ATTACH" && mark == "" { // builds nothing; a partitioned schema has hundreds
			attached++
			attaching += f.Elapsed
			continue
		}
		start := f.Start + shift(r)
		t.Rows = append(t.Rows, htmlRow{Bad: mark != "", Cells: []htmlCell{
			{Text: printable(f.Task.Name), Mark: mark},
			textCell(printable(f.Task.Kind)),
			textCell(printable(f.Worker.Name)),
			numberCell(clockAt(start, whole), start.Microseconds()),
			durationCell(f.Elapsed),
		}})
	}
	if attached > 0 {
		t.Note = fmt.Sprintf("%s attached to partitioned indexes in %s, not listed.",
			plural(attached, "index was", "indexes were"), formatDuration(attaching))
	}
	if earlier > 0 && len(t.Rows) > 0 {
		t.Note = strings.TrimSpace(t.Note + " " + formatCount(int64(earlier)) + " of an earlier run not listed.")
	}
	return t
}
