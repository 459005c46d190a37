package report

import (
	"cmp"
	"slices"
	"time"

	"pgsluice/internal/progress"
)

// table sums the parts of one table that are done.
type table struct {
	name        string
	rows, bytes int64
	parts       int
	start, end  time.Duration
	isTable     bool
	earlier     arrived // before this run, beside the above
}

// arrived is what an earlier run has moved of a table.
type arrived struct {
	rows, bytes int64
	parts       int
}

func (t table) span() time.Duration { return t.end - t.start }

// collectTables returns the tables whose rows were copied, slowest first. Large objects come from no
// table of the user's; what moved bytes for them stands beside the tables under its own name.
func collectTables(finished []progress.FinishedTask) []table {
	index := map[string]int{}
	var tables []table
	for _, f := range finished {
		isTable := f.Task.Kind == progress.TableData
		if f.Task.Phase != progress.Data || f.Error != "" || !isTable && f.Bytes == 0 {
			continue
		}
		name := f.Task.Name
		if isTable {
			name = cmp.Or(f.Task.Table, name)
		}
		i, ok := index[name]
		if !ok {
			i = len(tables)
			index[name] = i
			tables = append(tables, table{name: name, isTable: isTable})
		}
		t := &tables[i]
		if f.Earlier {
			t.earlier.rows += f.Rows
			t.earlier.bytes += f.Bytes
			t.earlier.parts++
			continue
		}
		if t.parts == 0 {
			t.start = f.Start
		}
		t.rows += f.Rows
		t.bytes += f.Bytes
		t.parts++
		t.start = min(t.start, f.Start)
		t.end = max(t.end, f.Start+f.Elapsed)
	}
	slices.SortStableFunc(tables, func(a, b table) int {
		return cmp.Or(cmp.Compare(b.span(), a.span()), cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.name, b.name))
	})
	return tables
}

// leftOutPrefix begins the error of a task that was never tried, because what it needs had failed.
const leftOutPrefix = "left out: "

// slowestTasks returns the tasks of a phase that have ended in this run, slowest first.
func slowestTasks(finished []progress.FinishedTask, phase progress.Phase) []progress.FinishedTask {
	var tasks []progress.FinishedTask
	for _, f := range finished {
		if f.Task.Phase == phase && !f.Earlier {
			tasks = append(tasks, f)
		}
	}
	slices.SortStableFunc(tasks, func(a, b progress.FinishedTask) int {
		return cmp.Or(cmp.Compare(b.Elapsed, a.Elapsed), cmp.Compare(a.Task.Name, b.Task.Name))
	})
	return tasks
}

// analyzed returns the tables whose statistics were gathered, or could not be, slowest first.
func analyzed(finished []progress.FinishedTask) []progress.FinishedTask {
	return slices.DeleteFunc(slowestTasks(finished, progress.Constraints), func(f progress.FinishedTask) bool {
		return f.Task.Kind != progress.Analyze
	})
}

func summedTime(tasks []progress.FinishedTask) (sum time.Duration) {
	for _, f := range tasks {
		sum += f.Elapsed
	}
	return sum
}
