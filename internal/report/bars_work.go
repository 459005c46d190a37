package report

import (
	"fmt"
	"strings"

	"pgsluice/internal/progress"
)

const (
	leastName = 20 // columns that a name gets before its facts get any
	// amountColumns is the width of 99.9 MB: amounts stand below each other.
	amountColumns = 7
)

// inWorkDetails are the tasks of a phase that are in work, the longest-running first.
func inWorkDetails(s progress.Snapshot, phase progress.Phase) []detail {
	var list []detail
	for _, r := range s.Running {
		if r.Task.Phase != phase {
			continue
		}
		verb, name := doing(r.Task)
		if phase != progress.Data && phase != progress.Indexes {
			name = verb + " " + name
		}
		d := detail{name: printable(name)}
		if phase == progress.Data {
			d.facts = append(d.facts, pad(formatBytes(r.Bytes), amountColumns, true))
			if r.Expected > r.Bytes { // else the estimate was too low, and says nothing
				d.facts = append(d.facts, fmt.Sprintf("%2d %% of ≈%s",
					percentDone(r.Bytes, r.Expected, progress.StateRunning), formatBytes(r.Expected)))
			}
		}
		if facts := retryFacts(r, s); facts != nil { // it does nothing else
			list = append(list, detail{name: d.name, facts: []string{fit(facts[0], nameColumns)}})
			continue
		}
		// the bar above says as much
		r.Detail.Activity = strings.TrimPrefix(r.Detail.Activity, "building index: ")
		parallel := r.Detail.Parallel
		r.Detail.Parallel = 0 // said in fewer words
		d.facts = append(append(d.facts, formatSeconds(r.Elapsed)), said(r.Detail)...)
		if parallel > 0 {
			d.facts = append(d.facts, plural(parallel, "worker", "workers"))
		}
		list = append(list, d)
	}
	return list
}

// details lays tasks out in at most most rows, their facts below each other. The last row says how many have none.
func details(list []detail, most, width int) []Row {
	if most <= 0 || len(list) == 0 {
		return nil
	}
	more := 0
	if len(list) > most {
		more = len(list) - most
		list = list[:most]
	}
	widest := 0
	for _, d := range list {
		widest = max(widest, displayWidth(d.name))
	}
	room := width - detailIndent
	facts := 0
	for i, d := range list {
		if i == len(list)-1 && more > 0 {
			d.facts = append(d.facts, fmt.Sprintf("and %d more", more))
			list[i] = d
		}
		facts = max(facts, displayWidth(strings.Join(d.facts, ", ")))
	}
	name := min(widest, max(room-2-facts, leastName))
	rows := make([]Row, 0, len(list))
	for _, d := range list {
		text := strings.Repeat(" ", detailIndent) + pad(clip(d.name, name), name, false) + "  "
		text += joinFacts(d.facts, max(room-name-2, 0))
		rows = append(rows, plainRow(strings.TrimRight(text, " "), width))
	}
	return rows
}

// alerts are what holds the transfer up: no byte moves, or others hold locks.
func (b barStyle) alerts(s progress.Snapshot, width int) []Row {
	var texts []string
	if s.Data.Idle >= stallAfter && s.Phases[progress.Data].State == progress.StateRunning {
		texts = append(texts, "no bytes for "+formatSeconds(s.Data.Idle)+"; "+waits(s))
	}
	for _, h := range s.Source.HeldUp {
		texts = append(texts, "holds up "+heldUpText(h))
	}
	texts = append(texts, blockedTexts(s)...)
	const most = 3
	if hidden := len(texts) - most; hidden > 0 {
		texts = append(texts[:most-1], fmt.Sprintf("and %d more are blocked", hidden+1))
	}
	rows := make([]Row, 0, len(texts))
	for _, text := range texts {
		row := plainRow(text, width)
		if b.color {
			row.Text = "\x1b[33m" + row.Text + "\x1b[m"
		}
		rows = append(rows, row)
	}
	return rows
}

// waits says what the servers wait for in the data task that is longest in work.
func waits(s progress.Snapshot) string {
	for _, r := range s.Running {
		if r.Task.Phase == progress.Data {
			return waiting(r.Detail)
		}
	}
	return waiting(progress.Detail{})
}

// blockedTexts has a line for each session that blocks tasks in work, and is not ours: it names the tasks before it says
// more of the session, since lines are cut.
func blockedTexts(s progress.Snapshot) []string {
	type key struct {
		server string
		pid    uint32
	}
	var order []key
	blockers, names := map[key]progress.Blocker{}, map[key][]string{}
	for _, r := range s.Running {
		for _, b := range r.Detail.BlockedBy {
			if b.Ours { // it will go on
				continue
			}
			k := key{b.Server, b.PID}
			if names[k] == nil {
				order = append(order, k)
			}
			blockers[k], names[k] = b, append(names[k], printable(r.Task.Name))
		}
	}
	texts := make([]string, len(order))
	for i, k := range order {
		pid, facts, _ := strings.Cut(blockerAt(blockers[k], s.Started.Add(s.Elapsed)), " (")
		texts[i] = "blocked on the " + printable(k.server) + " by " + pid + ": " + listed(names[k], 1)
		if facts != "" {
			texts[i] += " (" + facts
		}
	}
	return texts
}
