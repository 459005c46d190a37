package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// stroke is a stretch of one lane before it is drawn.
type stroke struct {
	lane           string
	kind, name     string
	phase          progress.Phase
	start, elapsed time.Duration
	rows, bytes    int64
	err            string
	failed, open   bool
	step           bool // of the program itself, in no phase
}

func (s stroke) end() time.Duration { return s.start + s.elapsed }

func (s stroke) class() string {
	if s.step {
		return "p-step"
	}
	return phaseClass(s.phase)
}

func laneOf(t progress.Task, w progress.Worker) string {
	return cmp.Or(printable(w.Name), t.Phase.String())
}

// cutOff are the tasks that had not ended when the transfer did.
func cutOff(s progress.Snapshot) []progress.FinishedTask {
	tasks := slices.Clone(s.Interrupted)
	for _, t := range s.Running {
		tasks = append(tasks, progress.FinishedTask{
			Task: t.Task, Start: t.Start, Elapsed: t.Elapsed, Rows: t.Rows, Bytes: t.Bytes, Worker: t.Worker,
		})
	}
	return tasks
}

// strokes are all tasks that ended or were cut off, and the program's own steps.
func strokes(r Report) []stroke {
	s, d := r.Progress, shift(r)
	var all []stroke
	steps := s.Steps
	if s.Step.Text != "" {
		steps = append(steps[:len(steps):len(steps)], s.Step)
	}
	for _, st := range steps {
		all = append(all, stroke{lane: stepLane, name: st.Text, start: st.Start + d, elapsed: st.Elapsed, step: true})
	}
	for _, f := range s.Finished {
		if f.Earlier { // nobody knows when
			continue
		}
		all = append(all, stroke{
			lane: laneOf(f.Task, f.Worker), kind: f.Task.Kind, name: f.Task.Name, phase: f.Task.Phase,
			start: f.Start + d, elapsed: f.Elapsed, rows: f.Rows, bytes: f.Bytes, err: f.Error, failed: f.Error != "",
		})
	}
	for _, t := range cutOff(s) {
		all = append(all, stroke{
			lane: laneOf(t.Task, t.Worker), kind: t.Task.Kind, name: t.Task.Name, phase: t.Task.Phase,
			start: t.Start + d, elapsed: t.Elapsed, rows: t.Rows, bytes: t.Bytes, open: true,
		})
	}
	return all
}

func (s stroke) text(whole scale) string {
	if s.step {
		return printable(s.name) + "\nstarted at " + clockAt(s.start, whole) + ", took " + formatDuration(s.elapsed)
	}
	parts := []string{printable(s.kind + " " + s.name), "started at " + clockAt(s.start, whole)}
	switch {
	case s.open:
		parts[1] += ", cut off after " + formatDuration(s.elapsed)
	case s.failed:
		parts[1] += ", failed after " + formatDuration(s.elapsed)
	default:
		parts[1] += ", took " + formatDuration(s.elapsed)
	}
	if s.bytes > 0 || s.rows > 0 {
		moved := plural(s.rows, "row", "rows") + ", " + formatBytes(s.bytes)
		if rate := rateOver(s.bytes, s.elapsed); rate != "" {
			moved += ", " + rate
		}
		parts = append(parts, moved)
	}
	if s.err != "" {
		parts = append(parts, printableLines(s.err))
	}
	return strings.Join(parts, "\n")
}

func groupText(group []stroke, end time.Duration, whole scale) string {
	work, longest := time.Duration(0), group[0]
	for _, s := range group {
		work += s.elapsed
		if s.elapsed > longest.elapsed {
			longest = s
		}
	}
	word := "tasks"
	switch {
	case group[0].step:
		word = "steps"
	case group[0].failed:
		word = "failed tasks"
	}
	return fmt.Sprintf("%s %s, %s\nfrom %s to %s\nthe longest: %s, %s", formatCount(int64(len(group))), word, formatDuration(work),
		clockAt(group[0].start, whole), clockAt(end, whole), strings.TrimSpace(printable(longest.kind+" "+longest.name)), formatDuration(longest.elapsed))
}
