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

// workLane is what one worker did, in order of start.
type workLane struct {
	name    string
	strokes []stroke
}

// stepLane is the lane of what the program did outside of any task.
const stepLane = "steps"

// mostLaneRows is into how many rows a lane is parted whose tasks overlap.
const mostLaneRows = 40

// lanes sorts strokes into lanes. A worker does one task after another; where tasks of one lane overlap,
// as those without a worker may, the lane is parted into as many rows as it takes.
func lanes(all []stroke) []workLane {
	byName := map[string][]stroke{}
	for _, s := range all {
		byName[s.lane] = append(byName[s.lane], s)
	}
	var out []workLane
	for name, strokes := range byName {
		slices.SortStableFunc(strokes, func(a, b stroke) int { return cmp.Compare(a.start, b.start) })
		for i, row := range packRows(strokes) {
			l := workLane{name: name, strokes: row}
			if i > 0 {
				l.name = fmt.Sprintf("%s (%d)", name, i+1)
			}
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b workLane) int {
		wordA, numberA := laneKey(a.name)
		wordB, numberB := laneKey(b.name)
		return cmp.Or(cmp.Compare(laneRank(wordA), laneRank(wordB)), cmp.Compare(wordA, wordB),
			cmp.Compare(numberA, numberB), cmp.Compare(a.name, b.name))
	})
	return out
}

func packRows(strokes []stroke) [][]stroke {
	var parted [][]stroke
	var free []time.Duration // when each row is free again
	for _, s := range strokes {
		i := slices.IndexFunc(free, func(at time.Duration) bool { return at <= s.start })
		if i < 0 && len(free) < mostLaneRows {
			parted, free = append(parted, nil), append(free, 0)
			i = len(free) - 1
		} else if i < 0 {
			i = slices.Index(free, slices.Min(free))
		}
		parted[i] = append(parted[i], s)
		free[i] = max(free[i], s.end())
	}
	return parted
}

// laneKey parts "copy 12" and "indexes (2)" into word and number.
func laneKey(name string) (word string, number int) {
	word, rest, found := strings.Cut(name, " ")
	number, err := strconv.Atoi(strings.Trim(rest, "()"))
	if !found || err != nil {
		return name, 0
	}
	return word, number
}

// laneRank orders lanes as the work goes: what workers do, then tasks that nobody is named for.
func laneRank(word string) int {
	order := []string{stepLane, "schema", "copy", "build", "", "data", "indexes", "constraints", "finish"}
	if i := slices.Index(order, word); i >= 0 && word != "" {
		return i
	}
	return slices.Index(order, "")
}

// legend names the colours that occur, in order of the phases.
func legend(all []stroke) []legendEntry {
	var entries []legendEntry
	has := func(is func(stroke) bool) bool { return slices.ContainsFunc(all, is) }
	if has(func(s stroke) bool { return s.step }) {
		entries = append(entries, legendEntry{"p-step", "outside of the phases"})
	}
	for _, p := range progress.Phases() {
		if has(func(s stroke) bool { return !s.step && s.phase == p }) {
			entries = append(entries, legendEntry{phaseClass(p), p.String()})
		}
	}
	if has(func(s stroke) bool { return s.failed }) {
		entries = append(entries, legendEntry{"bad", "failed"})
	}
	if has(func(s stroke) bool { return s.open }) {
		entries = append(entries, legendEntry{"open", "cut off"})
	}
	return entries
}
