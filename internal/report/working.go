package report

import (
	"fmt"
	"math"
	"strings"

	"pgsluice/internal/progress"
)

// status returns one line for each phase in work, or one for the step if there is none.
func (n *narrator) status(s progress.Snapshot) string {
	var b strings.Builder
	for _, ph := range s.Phases {
		if ph.State == progress.StateRunning {
			n.line(&b, s.Elapsed, ph.Phase.String()+": "+going(ph, s)+inWork(s, ph.Phase)+bottleneck(ph, s))
		}
	}
	if s.Step.Text != "" {
		n.line(&b, s.Elapsed, s.Step.Text+", "+formatSeconds(s.Step.Elapsed))
	}
	return b.String()
}

// going is how far a phase in work has come.
func going(ph progress.PhaseStatus, s progress.Snapshot) string {
	if ph.Phase == progress.Data {
		return flowing(s.Data) + ", " + countedApart(ph, s)
	}
	if ph.Phase == progress.Constraints && s.Analyze.Total > 0 {
		return countedApart(ph, s)
	}
	return counted(ph, s.Data) + " done"
}

// flowing is what the data phase has moved, how fast, and what is to come. What is estimated bears the mark ≈.
func flowing(d progress.DataStatus) string {
	parts := []string{moved(d.Bytes, d.Expected)}
	if d.Written > 0 {
		parts = append(parts, "written "+written(d))
	}
	if d.Rows > 0 { // nobody has counted any: 0 would look like a fault
		parts = append(parts, plural(d.Rows, "row", "rows"))
	}
	parts = append(parts, formatRate(d.Windowed), "average "+formatRate(d.Average))
	if d.Remaining > 0 {
		parts = append(parts, "ETA "+formatSeconds(d.Remaining))
	}
	return strings.Join(parts, ", ")
}

// written is what an archive or a script takes of what was moved, and the ratio of the two: 150 MB (3.2 to 1). It is "" where rows go to a database.
func written(d progress.DataStatus) string {
	if d.Written == 0 {
		return ""
	}
	return fmt.Sprintf("%s (%.1f to 1)", formatBytes(d.Written), float64(d.Bytes)/float64(d.Written))
}

// moved is 332 MB of ≈1.31 GB (25 %), or 332 MB if what is expected is not known.
func moved(bytes, expected int64) string {
	if expected <= 0 {
		return formatBytes(bytes)
	}
	// What is still in work is never at 100 %.
	percent := min(math.Floor(100*float64(bytes)/float64(expected)), 99)
	return fmt.Sprintf("%s of ≈%s (%.0f %%)", formatBytes(bytes), formatBytes(max(expected, bytes)), percent)
}

func bottleneck(ph progress.PhaseStatus, s progress.Snapshot) string {
	if ph.Phase != progress.Data || s.Bottleneck.Text == "" {
		return ""
	}
	return "; " + s.Bottleneck.Text
}

// namedInWork is how many tasks in work of a phase are named in one line: where each one takes long, more of them.
func namedInWork(phase progress.Phase) int {
	switch phase {
	case progress.Indexes:
		return 8
	case progress.Constraints:
		return 4
	default:
		return 2
	}
}

// inWork names the tasks of a phase that are in work, the longest-running first.
func inWork(s progress.Snapshot, phase progress.Phase) string {
	text, last, named, more := "", "", 0, 0
	for _, r := range s.Running {
		if r.Task.Phase != phase {
			continue
		}
		if named == namedInWork(phase) {
			more++
			continue
		}
		named++
		verb, name := doing(r.Task)
		text += ", "
		if verb != last {
			text, last = text+verb+" ", verb
		}
		text += clip(printable(name), nameColumns) + " for " + formatSeconds(r.Elapsed)
		if facts := append(retryFacts(r, s), said(r.Detail)...); len(facts) > 0 {
			text += " (" + strings.Join(facts, ", ") + ")"
		}
	}
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// doing is what is done to what.
func doing(t progress.Task) (verb, name string) {
	switch {
	case t.Kind == progress.Analyze:
		return "analyzing", t.Name
	case t.Kind == "VALIDATE":
		return "validating", t.Name
	case t.Kind == "MATERIALIZED VIEW DATA":
		return "refreshing", t.Name
	}
	switch t.Phase {
	case progress.Schema:
		return "creating", t.Kind + " " + t.Name
	case progress.Data:
		return "copying", t.Name
	case progress.Indexes:
		return "building", t.Name
	case progress.Constraints:
		return "adding", t.Kind + " " + t.Name
	default:
		return "running", t.Kind + " " + t.Name
	}
}

// said is what the servers say of a task, in words: its activity, its helpers, who blocks it.
func said(d progress.Detail) []string {
	var facts []string
	if d.Activity != "" {
		activity := printable(d.Activity)
		if percent, ok := d.Percent(); ok {
			activity += fmt.Sprintf(" %.0f %%", math.Floor(percent))
		}
		facts = append(facts, activity)
	}
	if d.Parallel > 0 {
		facts = append(facts, plural(d.Parallel, "parallel worker", "parallel workers"))
	}
	if len(d.BlockedBy) > 0 {
		var pids []string
		for _, b := range d.BlockedBy {
			pid := fmt.Sprintf("pid %d", b.PID)
			if b.Ours {
				pid += " of ours"
			}
			pids = append(pids, pid)
		}
		facts = append(facts, "blocked by "+listed(pids, 2))
	}
	return facts
}

// listed joins the first few of a list and counts the others.
func listed(list []string, most int) string {
	text := strings.Join(list[:min(len(list), most)], ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
