package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"pgsluice/internal/progress"
)

const (
	// mostRows leaves room for what was on the terminal before.
	mostRows = 14
	// fewRows is how many, beside the bars themselves, are soon taken.
	fewRows = 6
	// labelColumns holds "constraints" and a space.
	labelColumns = 12
	// besideBar is what a row has beside its bar: label, percent and some 31 columns of text.
	besideBar = labelColumns + 6 + 1 + 31
	narrowBar = 8 // with less room there is no bar
	wideBar   = 40
	// longStep is how long a step is in work until it gets a row; a line has told that it began.
	longStep = 2 * time.Second
	// detailIndent sets what is in work off from the phase's name.
	detailIndent = 2
)

// barStyle draws rows. mpb draws the bars themselves; its container can't be used, since it neither follows a terminal
// that is resized nor knows how to leave pictures out when the terminal does not take them.
type barStyle struct {
	color bool
	bar   mpb.BarFiller
}

func newBarStyle(color bool) barStyle { return barStyle{color: color, bar: mpb.BarStyle().Build()} }

// phaseRows are a phase's bar and, as far as there is room, what it has in work.
type phaseRows struct {
	bar   Row
	more  []Row // part of the bar's picture: shown before any detail
	work  []detail
	state progress.State
}

// detail is a task in work: its name, which may be cut, and facts, of which the last go first.
type detail struct {
	name  string
	facts []string
}

// rows is the picture of s for a terminal of this size. Each row is narrower than the terminal, so that none wraps.
func (b barStyle) rows(s progress.Snapshot, columns, height int) []Row {
	width := columns - 1
	room := min(mostRows, height-1)
	if width < 1 || room < 1 || s.Over {
		return nil
	}
	alerts := b.alerts(s, width)
	var step []Row
	if s.Step.Text != "" && s.Step.Elapsed >= longStep {
		step = append(step, plainRow(s.Step.Text+", "+formatSeconds(s.Step.Elapsed), width))
	}
	room -= len(step)
	var phases []phaseRows
	for _, ph := range s.Phases {
		if ph.Total > 0 {
			phases = append(phases, b.phase(s, ph, width))
		}
	}
	phases = dispense(phases, room-len(alerts))
	room -= len(phases) + len(alerts)
	for i := range phases {
		most := max(room, 0)
		if room < fewRows { // what is in work says more than the second of such rows
			most = min(most, 1)
		}
		phases[i].more = phases[i].more[:min(len(phases[i].more), most)]
		room -= len(phases[i].more)
	}
	shares := share(phases, room)
	rows := step
	for i, p := range phases {
		rows = append(append(rows, p.bar), p.more...)
		rows = append(rows, details(p.work, shares[i], width)...)
	}
	rows = append(rows, alerts...)
	return rows[:min(len(rows), min(mostRows, height-1))]
}

// dispense leaves out phases that have ended or not begun, the last first, until each of the others has a row for what it
// has in work, too.
func dispense(phases []phaseRows, room int) []phaseRows {
	need := 0
	for _, p := range phases {
		need += 1 + len(p.more) + min(1, len(p.work))
	}
	for _, state := range []progress.State{progress.StateWaiting, progress.StateDone, progress.StateFailed} {
		for i := len(phases) - 1; i >= 0 && need > room; i-- {
			if phases[i].state == state {
				phases = slices.Delete(phases, i, i+1)
				need--
			}
		}
	}
	return phases
}

// share deals rows out to the phases, one by one, to those that have something to show.
func share(phases []phaseRows, room int) []int {
	shares := make([]int, len(phases))
	for dealt := true; dealt && room > 0; {
		dealt = false
		for i, p := range phases {
			if room > 0 && shares[i] < len(p.work) {
				shares[i]++
				room--
				dealt = true
			}
		}
	}
	return shares
}

// phase is one phase's bar, with the details of its tasks in work.
func (b barStyle) phase(s progress.Snapshot, ph progress.PhaseStatus, width int) phaseRows {
	p := phaseRows{state: ph.State}
	done, total := int64(ph.Done+ph.Failed), int64(ph.Total)
	facts := []string{countedApart(ph, s)}
	if ph.Phase == progress.Data {
		d := s.Data
		if d.Expected > 0 {
			done, total = d.Bytes, d.Expected
		}
		facts = []string{amount(d.Bytes, d.Expected)}
		if ph.State == progress.StateRunning {
			facts = append(facts, formatRate(d.Windowed))
			p.more = append(p.more, indented(dataFacts(s), labelColumns, width))
			if text := s.Bottleneck.Text; text != "" && labelColumns+displayWidth(text) < width {
				p.more = append(p.more, indented([]string{text}, labelColumns, width))
			}
		} else {
			facts = append(facts, counted(ph, d))
		}
	}
	if ph.Failed > 0 {
		facts = append(facts, formatCount(int64(ph.Failed))+" failed")
	}
	switch ph.State {
	case progress.StateDone, progress.StateFailed:
		if begunHere(ph) {
			facts = append(facts, "in "+formatDuration(ph.Span))
		} else {
			facts = append(facts, "there already")
		}
	case progress.StateRunning:
		p.work = inWorkDetails(s, ph.Phase)
	}
	p.bar = b.line(ph, done, total, facts, width)
	return p
}

func dataFacts(s progress.Snapshot) []string {
	var facts []string
	if s.Data.TablesTotal > 0 {
		facts = append(facts, counted(s.Phases[progress.Data], s.Data))
	}
	if left := s.Data.Remaining; left > 0 {
		facts = append(facts, "ETA "+formatSeconds(left))
	}
	if s.Data.Rows > 0 {
		facts = append(facts, plural(s.Data.Rows, "row", "rows"))
	}
	return append(facts, "average "+formatRate(s.Data.Average))
}

// amount is "512 MB of ≈1.23 GB".
func amount(bytes, expected int64) string {
	if expected <= 0 || expected == bytes {
		return formatBytes(bytes)
	}
	return formatBytes(bytes) + " of ≈" + formatBytes(expected)
}

// line is a phase's row: its name, percent, bar and facts.
func (b barStyle) line(ph progress.PhaseStatus, done, total int64, facts []string, width int) Row {
	percent := ""
	if total > 0 && ph.State != progress.StateWaiting {
		percent = fmt.Sprintf("%3d %%", percentDone(done, total, ph.State))
	}
	label := pad(ph.Phase.String(), labelColumns, false)
	text := pad(percent, 6, false)
	if bar := min(width-besideBar, wideBar); bar >= narrowBar {
		text += b.draw(done, total, bar) + " "
	}
	room := width - labelColumns - displayWidth(text)
	text += joinFacts(facts, room)
	columns := labelColumns + displayWidth(text)
	if columns > width {
		return plainRow(label+text, width)
	}
	if b.color {
		label = "\x1b[1m" + label + "\x1b[m"
	}
	return Row{Text: label + text, Columns: columns}
}

// percentDone keeps 100 for what is really over: an estimate may be reached before.
func percentDone(done, total int64, state progress.State) int64 {
	if state == progress.StateDone {
		return 100
	}
	return min(int64(100*float64(done)/float64(total)), 99)
}

func (b barStyle) draw(done, total int64, columns int) string {
	var text bytes.Buffer
	// A buffer takes everything.
	_ = b.bar.Fill(&text, decor.Statistics{
		AvailableWidth: columns, Total: max(total, 1), Current: min(max(done, 0), max(total, 1)), Completed: done >= total,
	})
	return text.String()
}

func plainRow(text string, width int) Row {
	text = fit(printable(text), width)
	return Row{Text: text, Columns: displayWidth(text)}
}

func indented(facts []string, indent, width int) Row {
	return plainRow(strings.Repeat(" ", min(indent, width))+joinFacts(facts, max(width-indent, 0)), width)
}

// joinFacts joins as many facts as there is room for, and cuts the first if not even that fits.
func joinFacts(facts []string, room int) string {
	text := ""
	for i, f := range facts {
		f = printable(f)
		next := f
		if i > 0 {
			next = text + ", " + f
		}
		if displayWidth(next) > room {
			if i == 0 {
				return clip(f, room)
			}
			break
		}
		text = next
	}
	return text
}
