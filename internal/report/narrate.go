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
	blocked  map[int]blockade // by task
	stalled  int              // how many times the present standstill was told
	heldUp   map[heldUpKey]time.Duration
	retries  int
	retried  map[string]lastRetry // by object
	freed    int
}

// nameColumns is the most that a name takes in a line, so that the line stays readable: a
// name has up to 63 bytes and a schema before it.
const nameColumns = 48

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

	n.retryNews(s, tell)
	n.phaseNews(s, tell)
	n.blockNews(s, tell)
	n.stallNews(s, tell)
	n.sourceNews(s, tell)

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
		if !begunHere(ph) {
			if !n.ended[ph.Phase] && ph.Earlier == ph.Total {
				n.ended[ph.Phase] = true
				tell(firstStart(s), ph.Phase.String()+": "+counted(ph, s.Data)+" there already")
			}
			continue
		}
		if !n.started[ph.Phase] {
			n.started[ph.Phase] = true
			tell(ph.Start, ph.Phase.String()+": "+planned(ph, s))
		}
		if ph.State == progress.StateRunning {
			n.ended[ph.Phase] = false // of one that had ended, a crash of the target has taken something back
		} else if !n.ended[ph.Phase] {
			n.ended[ph.Phase] = true
			tell(ph.Start+ph.Span, ph.Phase.String()+": "+ending(ph, s))
		}
	}
}

// planned says what a phase has before it.
func planned(ph progress.PhaseStatus, s progress.Snapshot) string {
	d, count := s.Data, formatCount(int64(ph.Total))
	switch {
	case ph.Phase == progress.Schema:
		return plural(ph.Total, "entry", "entries") + " to create" + thereAlready(ph.Earlier)
	case ph.Phase == progress.Data && d.TablesTotal > 0:
		text := plural(d.TablesTotal, "table", "tables") + " to copy" + thereAlready(earlierTables(s.Finished))
		if d.Expected > 0 && ph.State == progress.StateRunning {
			text += ", ≈" + formatBytes(d.Expected)
		}
		return text
	case ph.Phase == progress.Indexes:
		return count + " to build" + thereAlready(ph.Earlier)
	case ph.Phase == progress.Constraints && s.Analyze.Total > 0:
		text := plural(s.Analyze.Total, "table", "tables") + " to analyze"
		if rest := ph.Total - s.Analyze.Total; rest > 0 {
			text = formatCount(int64(rest)) + " to add, " + text
		}
		return text + thereAlready(ph.Earlier)
	case ph.Phase == progress.Constraints:
		return count + " to add" + thereAlready(ph.Earlier)
	default:
		return plural(ph.Total, "entry", "entries") + " to run" + thereAlready(ph.Earlier)
	}
}

// ending says what a phase has behind it.
func ending(ph progress.PhaseStatus, s progress.Snapshot) string {
	word := "done"
	if ph.State == progress.StateFailed {
		word = "ended"
		if ph.Done+ph.Failed < ph.Total {
			word = "stopped"
		}
	}
	text := fmt.Sprintf("%s, %s in %s", word, countedApart(ph, s), formatDuration(ph.Span))
	if ph.Failed > 0 {
		text += fmt.Sprintf(", %s failed", formatCount(int64(ph.Failed)))
	}
	if d := s.Data; ph.Phase == progress.Data {
		text += fmt.Sprintf(", %s, %s", formatBytes(d.Bytes), plural(d.Rows, "row", "rows"))
		if d.Bytes > 0 {
			text += ", average " + formatRate(d.Average)
		}
	}
	return text
}

func counted(ph progress.PhaseStatus, d progress.DataStatus) string {
	if ph.Phase == progress.Data && d.TablesTotal > 0 {
		return formatCount(int64(d.TablesDone)) + "/" + plural(d.TablesTotal, "table", "tables")
	}
	return formatCount(int64(ph.Done)) + "/" + formatCount(int64(ph.Total))
}

// countedApart is counted, but of constraints it counts the tables that are analyzed apart: 3/8, 5/20 analyzed.
func countedApart(ph progress.PhaseStatus, s progress.Snapshot) string {
	if ph.Phase != progress.Constraints || s.Analyze.Total == 0 {
		return counted(ph, s.Data)
	}
	analyzed := formatCount(int64(s.Analyze.Done)) + "/" + formatCount(int64(s.Analyze.Total)) + " analyzed"
	if ph.Total == s.Analyze.Total {
		return analyzed
	}
	ph.Done -= s.Analyze.Done
	ph.Total -= s.Analyze.Total
	return counted(ph, s.Data) + ", " + analyzed
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
