package report

import (
	"strings"
	"time"

	"pgsluice/internal/progress"
)

// htmlNote is one list of what a reader must know before the figures.
type htmlNote struct {
	ID, Title string
	Tone      string
	Shown     []htmlItem
	More      []htmlItem // folded
	MoreTitle string
}

type htmlItem struct{ Object, Context, Text string }

// Short tells whether object and text fit on one line of a wide screen.
func (i htmlItem) Short() bool {
	return i.Context == "" && !strings.Contains(i.Text, "\n") && displayWidth(i.Object+i.Text) < 130
}

const (
	// shownItems is how much of a long list stands open, and foldFrom when a list is long: folding
	// one or two items away would hide more than it saves.
	shownItems = 5
	foldFrom   = 8
)

func htmlNotes(r Report) []htmlNote {
	s := r.Progress
	failures := convert(s.Failures, func(f progress.FinishedTask) htmlItem {
		context := f.Task.Phase.String()
		if f.Elapsed >= time.Millisecond { // else it was not even begun
			context += ", after " + formatDuration(f.Elapsed)
		}
		return htmlItem{Object: printable(f.Task.Kind + " " + f.Task.Name), Context: context, Text: printableLines(f.Error)}
	})
	warnings := convert(s.Warnings, func(w progress.Warning) htmlItem {
		return htmlItem{Object: printable(w.Object), Text: printableLines(w.Message)}
	})
	leftOut := convert(s.LeftOut, func(l progress.LeftOut) htmlItem {
		return htmlItem{Object: printable(l.Object), Text: printableLines(l.Reason)}
	})
	var notes []htmlNote
	counted := func(id, title, tone, noun string, count int, items []htmlItem) {
		if len(items) == 0 {
			return
		}
		n := htmlNote{ID: id, Title: title + " (" + formatCount(int64(count)) + ")", Tone: tone, Shown: items}
		if len(items) >= foldFrom {
			n.Shown, n.More = items[:shownItems], items[shownItems:]
			n.MoreTitle = formatCount(int64(len(n.More))) + " more " + noun
		}
		notes = append(notes, n)
	}
	add := func(id, title, tone, noun string, items []htmlItem) {
		counted(id, title, tone, noun, len(items), items)
	}
	add("mixed", "Mixed snapshots: the rows are of different moments", "warn", "snapshots", convert(r.Mixed, mixedItem))
	if v := r.Verified; v != nil {
		add("different", "Different from the source", "bad", "differences", convert(v.Differences, remarkItem))
		add("unverified", "Could not be compared", "warn", "objects", convert(v.Unverified, remarkItem))
		add("verified", "Verified: "+printable(v.Compared), "stop", "notes", convert(v.Notes, remarkItem))
	}
	add("failures", "Failures", "bad", "failures", failures)
	add("warnings", "Warnings", "warn", "warnings", warnings)
	add("held-up", "Held up on the source", "warn", "sessions", convert(everHeldUp(s.Source), func(text string) htmlItem {
		return htmlItem{Text: text}
	}))
	counted("retries", "Tried again", "stop", "attempts", s.RetryCount, convert(s.Retries, retryItem))
	add("left-out", "Left out", "stop", "objects", leftOut)
	return notes
}

type htmlPhase struct {
	Name, Class, State, Tone string
	Done, Failed             string
	Span, Summed             string
	X, W                     string // where it lay in the whole time, in percent; "" if it didn't start
	Title                    string
}

// htmlPhases returns nothing if nothing was planned.
func htmlPhases(r Report) []htmlPhase {
	whole := wholeTime(r)
	var rows []htmlPhase
	planned := 0
	for _, ph := range r.Progress.Phases {
		planned += ph.Total
		row := htmlPhase{
			Name: ph.Phase.String(), Class: phaseClass(ph.Phase), State: phaseState(ph),
			Done: formatCount(int64(ph.Done)) + " of " + formatCount(int64(ph.Total)), Failed: formatCount(int64(ph.Failed)),
		}
		switch {
		case ph.Total == 0:
			row.Done = "none"
		case ph.Done == ph.Total:
			row.Done, row.Tone = formatCount(int64(ph.Done)), "ok"
		case ph.State == progress.StateFailed:
			row.Tone = "bad"
		}
		if ph.Earlier > 0 {
			row.Done += ", " + formatCount(int64(ph.Earlier)) + " before"
		}
		if begunHere(ph) {
			start := ph.Start + shift(r)
			row.Span, row.Summed = formatDuration(ph.Span), formatDuration(ph.Work)
			row.X, row.W = whole.box(start, ph.Span)
			row.Title = row.Name + ": from " + clockAt(start, whole) + " to " + clockAt(start+ph.Span, whole)
		}
		rows = append(rows, row)
	}
	if planned == 0 {
		return nil
	}
	return rows
}

// phaseState says of a phase that ended early whether something in it failed or it was cut off.
func phaseState(ph progress.PhaseStatus) string {
	switch {
	case ph.Total == 0:
		return "nothing to do"
	case ph.State == progress.StateWaiting:
		return "not started"
	case ph.State == progress.StateFailed && ph.Done+ph.Failed < ph.Total:
		return "stopped"
	case ph.State == progress.StateFailed:
		return "with failures"
	default:
		return ph.State.String()
	}
}

// shift moves offsets from the tracker's clock to the report's start.
func shift(r Report) time.Duration {
	if r.Progress.Started.IsZero() {
		return 0
	}
	return r.Progress.Started.Sub(r.started())
}
