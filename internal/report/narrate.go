package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// narrator turns successive snapshots into lines. It remembers what it has told.
type narrator struct {
	width    int
	started  map[progress.Phase]bool
	ended    map[progress.Phase]bool
	steps    int // told, the one in work included
	leftOut  int
	warnings int
	failures int
}

// nameColumns is the most that a name takes in a line, so that the line stays readable: a
// name has up to 63 bytes and a schema before it.
const nameColumns = 48

// inWorkNames is how many tasks in work are named in one line.
const inWorkNames = 2

type event struct {
	at   time.Duration
	text string
}

// news returns what happened since the last call, in the order in which it happened.
func (n *narrator) news(s progress.Snapshot) string {
	var events []event
	tell := func(at time.Duration, text string) { events = append(events, event{at, text}) }

	for ; n.steps < len(s.Steps); n.steps++ {
		tell(s.Steps[n.steps].Start, s.Steps[n.steps].Text)
	}
	if s.Step.Text != "" && n.steps == len(s.Steps) {
		tell(s.Step.Start, s.Step.Text)
		n.steps++
	}
	for ; n.leftOut < len(s.LeftOut); n.leftOut++ {
		l := s.LeftOut[n.leftOut]
		tell(l.At, "left out: "+about(l.Object, l.Reason))
	}
	for ; n.warnings < len(s.Warnings); n.warnings++ {
		w := s.Warnings[n.warnings]
		tell(w.At, "warning: "+about(w.Object, w.Message))
	}
	for ; n.failures < len(s.Failures); n.failures++ {
		f := s.Failures[n.failures]
		tell(f.Start+f.Elapsed, "failed: "+about(f.Task.Kind+" "+f.Task.Name, f.Error))
	}

	n.phaseNews(s, tell)

	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	var b strings.Builder
	for _, e := range events {
		n.line(&b, e.at, e.text)
	}
	return b.String()
}

func (n *narrator) phaseNews(s progress.Snapshot, tell func(time.Duration, string)) {
	if n.started == nil {
		n.started, n.ended = map[progress.Phase]bool{}, map[progress.Phase]bool{}
	}
	for _, ph := range s.Phases {
		if ph.Total == 0 || ph.State == progress.StateWaiting {
			continue
		}
		if !n.started[ph.Phase] {
			n.started[ph.Phase] = true
			tell(ph.Start, ph.Phase.String()+": "+planned(ph, s.Data))
		}
		if ph.State != progress.StateRunning && !n.ended[ph.Phase] {
			n.ended[ph.Phase] = true
			tell(ph.Start+ph.Span, ph.Phase.String()+": "+ending(ph, s.Data))
		}
	}
}

// planned says what a phase has before it.
func planned(ph progress.PhaseStatus, d progress.DataStatus) string {
	switch {
	case ph.Phase == progress.Schema:
		return plural(ph.Total, "entry", "entries") + " to create"
	case ph.Phase == progress.Data && d.TablesTotal > 0:
		return plural(d.TablesTotal, "table", "tables") + " to copy"
	case ph.Phase == progress.Indexes:
		return formatCount(int64(ph.Total)) + " to build"
	case ph.Phase == progress.Constraints:
		return formatCount(int64(ph.Total)) + " to add"
	default:
		return plural(ph.Total, "entry", "entries") + " to run"
	}
}

// ending says what a phase has behind it.
func ending(ph progress.PhaseStatus, d progress.DataStatus) string {
	word := "done"
	if ph.State == progress.StateFailed {
		word = "ended"
		if ph.Done+ph.Failed < ph.Total {
			word = "stopped"
		}
	}
	s := fmt.Sprintf("%s, %s in %s", word, counted(ph, d), formatDuration(ph.Span))
	if ph.Failed > 0 {
		s += fmt.Sprintf(", %s failed", formatCount(int64(ph.Failed)))
	}
	if ph.Phase == progress.Data {
		s += fmt.Sprintf(", %s, %s", formatBytes(d.Bytes), plural(d.Rows, "row", "rows"))
		if d.Bytes > 0 {
			s += ", average " + formatRate(d.Average)
		}
	}
	return s
}

func counted(ph progress.PhaseStatus, d progress.DataStatus) string {
	if ph.Phase == progress.Data && d.TablesTotal > 0 {
		return fmt.Sprintf("%s/%s", formatCount(int64(d.TablesDone)), plural(d.TablesTotal, "table", "tables"))
	}
	return fmt.Sprintf("%s/%s", formatCount(int64(ph.Done)), formatCount(int64(ph.Total)))
}

// status returns one line for each phase in work, or one for the step if there is none.
func (n *narrator) status(s progress.Snapshot) string {
	var b strings.Builder
	for _, ph := range s.Phases {
		if ph.State != progress.StateRunning {
			continue
		}
		text := ph.Phase.String() + ": " + counted(ph, s.Data)
		if ph.Phase == progress.Data {
			text += ", " + formatBytes(s.Data.Bytes)
			// Rows are known at the end of a part: until the first one, 0 would look like a fault.
			if s.Data.Rows > 0 {
				text += ", " + plural(s.Data.Rows, "row", "rows")
			}
			text += fmt.Sprintf(", %s, average %s", formatRate(s.Data.Windowed), formatRate(s.Data.Average))
		} else {
			text += " done"
		}
		n.line(&b, s.Elapsed, text+inWork(s, ph.Phase))
	}
	if s.Step.Text != "" {
		n.line(&b, s.Elapsed, s.Step.Text+", "+formatSeconds(s.Step.Elapsed))
	}
	return b.String()
}

// inWork names the tasks of a phase that are in work, the longest-running first.
func inWork(s progress.Snapshot, phase progress.Phase) string {
	var names []string
	for _, r := range s.Running {
		if r.Task.Phase == phase {
			name := r.Task.Name
			if phase != progress.Data && phase != progress.Indexes {
				name = r.Task.Kind + " " + name
			}
			names = append(names, clip(printable(name), nameColumns)+" for "+formatSeconds(r.Elapsed))
		}
	}
	if len(names) == 0 {
		return ""
	}
	text := ", " + verb(phase) + " " + strings.Join(names[:min(len(names), inWorkNames)], ", ")
	if more := len(names) - inWorkNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func verb(phase progress.Phase) string {
	switch phase {
	case progress.Schema:
		return "creating"
	case progress.Data:
		return "copying"
	case progress.Indexes:
		return "building"
	case progress.Constraints:
		return "adding"
	default:
		return "running"
	}
}

// line writes text after the elapsed time, wrapped under itself.
func (n *narrator) line(b *strings.Builder, at time.Duration, text string) {
	stamp := "[" + formatClock(at) + "] "
	room := 0
	if n.width > 0 {
		room = max(n.width-len(stamp), minFirst)
	}
	for _, part := range strings.Split(text, "\n") {
		for _, line := range wrap(printable(part), room) {
			b.WriteString(stamp + line + "\n")
			stamp = strings.Repeat(" ", len(stamp))
		}
	}
}
