package report

import (
	"cmp"
	"math"
	"strings"

	"pgsluice/internal/progress"
)

// StatusText is the whole picture of one moment, for a person who asks for it: the phases, what has moved, and each
// task in work with what the servers say of it. It has several lines, each with its line break, wrapped at width
// columns; 0 means never.
func StatusText(s progress.Snapshot, width int) string {
	p := &page{width: cmp.Or(width, math.MaxInt32)}
	title := "After "
	if s.Over {
		title = "Over after "
	}
	p.heading(title+formatSeconds(s.Elapsed), "")
	pairs := [][2]string{}
	for _, ph := range s.Phases {
		pairs = append(pairs, [2]string{ph.Phase.String(), phaseText(ph, s)})
	}
	pairs = append(pairs, [2]string{"before", earlierText(s)})
	pairs = append(pairs, [2]string{"in vain", redoneText(s.Data)})
	pairs = append(pairs, [2]string{"bottleneck", printable(s.Bottleneck.Text)})
	pairs = append(pairs, [2]string{"source", sourceText(s.Source)})
	for _, h := range s.Source.HeldUp {
		pairs = append(pairs, [2]string{"holds up", heldUpText(h)})
	}
	if s.Step.Text != "" {
		pairs = append(pairs, [2]string{"now", printable(s.Step.Text) + ", " + formatSeconds(s.Step.Elapsed)})
	}
	pairs = append(pairs, [2]string{"so far", soFar(s)})
	p.pairs(pairs)
	if len(s.Running) > 0 {
		p.heading("In work ("+formatCount(int64(len(s.Running)))+")", "")
	}
	for _, r := range s.Running {
		p.paragraph(runningText(r, s))
	}
	return p.b.String()
}

func phaseText(ph progress.PhaseStatus, s progress.Snapshot) string {
	switch {
	case ph.State == progress.StateWaiting && ph.Total > 0:
		return "waiting, " + planned(ph, s)
	case ph.State == progress.StateWaiting:
		return "waiting"
	case ph.Total == 0:
		return "nothing to do"
	case !begunHere(ph):
		return "done, " + counted(ph, s.Data) + ", all there already"
	case ph.State == progress.StateRunning:
		text := going(ph, s)
		if ph.Phase == progress.Data && s.Paused {
			text += ", paused"
		}
		if ph.Phase == progress.Data && s.Data.Idle >= stallAfter {
			text += ", no bytes for " + formatSeconds(s.Data.Idle)
		}
		return text
	default:
		return ending(ph, s)
	}
}

// soFar counts what a person should look at; "" if there is nothing.
func soFar(s progress.Snapshot) string {
	var parts []string
	if n := len(s.Failures); n > 0 {
		parts = append(parts, plural(n, "failure", "failures"))
	}
	if n := len(s.Warnings); n > 0 {
		parts = append(parts, plural(n, "warning", "warnings"))
	}
	if s.RetryCount > 0 {
		parts = append(parts, plural(s.RetryCount, "attempt", "attempts")+" lost and made again")
	}
	if n := len(s.LeftOut); n > 0 {
		parts = append(parts, plural(n, "object", "objects")+" left out")
	}
	return strings.Join(parts, ", ")
}

// runningText says all that is known of a task in work.
func runningText(r progress.RunningTask, s progress.Snapshot) string {
	verb, name := doing(r.Task)
	parts := []string{verb + " " + printable(name) + " for " + formatSeconds(r.Elapsed)}
	if r.Worker.Name != "" {
		parts[0] += " by " + printable(r.Worker.Name)
	}
	if r.Task.Phase == progress.Data && r.Bytes > 0 {
		parts = append(parts, moved(r.Bytes, r.Expected))
	}
	if r.Rows > 0 {
		parts = append(parts, plural(r.Rows, "row", "rows"))
	}
	d := r.Detail
	blockers := d.BlockedBy
	d.BlockedBy = nil // they come last, and in full
	parts = append(parts, retryFacts(r, s)...)
	parts = append(parts, said(d)...)
	if d.SourceWait != "" {
		parts = append(parts, "the source waits for "+printable(d.SourceWait))
	}
	if d.TargetWait != "" {
		parts = append(parts, "the target waits for "+printable(d.TargetWait))
	}
	text := strings.Join(parts, ", ")
	if len(blockers) > 0 {
		text += "\non " + blockersText(blockers, s)
	}
	return text
}
