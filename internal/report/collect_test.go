package report

import (
	"reflect"
	"testing"
	"time"

	"pgsluice/internal/progress"
)

func TestCollectTables(t *testing.T) {
	const s = time.Second
	part := func(name, table string, start, elapsed time.Duration, rows, bytes int64) progress.FinishedTask {
		return progress.FinishedTask{
			Task:  progress.Task{Phase: progress.Data, Kind: progress.TableData, Name: name, Table: table},
			Start: start, Elapsed: elapsed, Rows: rows, Bytes: bytes,
		}
	}
	failed := part("failed", "failed", 0, 100*s, 0, 50)
	failed.Error = "no"
	objects := part("large objects", "", 0, 3*s, 2, 9)
	objects.Task.Kind = "BLOBS"
	sequence := part("seq", "", 0, 50*s, 0, 0)
	sequence.Task.Kind = "SEQUENCE SET"
	index := part("i", "a", 0, 50*s, 0, 9)
	index.Task.Phase = progress.Indexes
	before, beforeToo := part("a, part 0", "a", 0, 0, 7, 70), part("z", "", 0, 0, 8, 80)
	before.Earlier, beforeToo.Earlier = true, true

	got := collectTables([]progress.FinishedTask{
		before, beforeToo,
		part("a, part 2", "a", 4*s, 2*s, 10, 100), failed, objects, part("b", "", 0, s, 1, 2),
		sequence, index, part("a, part 1", "a", 2*s, s, 20, 200), part("c", "", 0, s, 1, 3),
	})
	want := []table{
		{name: "a", rows: 30, bytes: 300, parts: 2, start: 2 * s, end: 6 * s, isTable: true, earlier: arrived{7, 70, 1}},
		{name: "large objects", rows: 2, bytes: 9, parts: 1, end: 3 * s},
		{name: "c", rows: 1, bytes: 3, parts: 1, end: s, isTable: true},
		{name: "b", rows: 1, bytes: 2, parts: 1, end: s, isTable: true},
		{name: "z", isTable: true, earlier: arrived{8, 80, 1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestOutsidePhasesCountsNothingTwice(t *testing.T) {
	const s = time.Second
	snap := progress.Snapshot{Elapsed: 100 * s}
	for i, span := range [][2]time.Duration{{10 * s, 5 * s}, {20 * s, 40 * s}, {25 * s, 10 * s}, {50 * s, 20 * s}, {0, 0}} {
		snap.Phases[i].Start, snap.Phases[i].Span = span[0], span[1]
	}
	if got := outsidePhases(snap); got != 45*s {
		t.Errorf("got %v, want 45 s: 10 before, 5 between, 30 after", got)
	}
}

// TestNewsIsToldInTheOrderOfEvents looks only once, long after it all happened.
func TestNewsIsToldInTheOrderOfEvents(t *testing.T) {
	const s = time.Second
	var n narrator
	snap := progress.Snapshot{
		Elapsed:  time.Hour,
		Steps:    []progress.Step{{Text: "connecting"}, {Text: "last commit", Start: 9 * s}},
		Warnings: []progress.Warning{{Message: "w", At: 2 * s}},
		LeftOut:  []progress.LeftOut{{Object: "o", Reason: "r", At: s}},
		Failures: []progress.FinishedTask{{Task: progress.Task{Kind: "INDEX", Name: "i"}, Start: 3 * s, Elapsed: 2 * s, Error: "e"}},
	}
	snap.Phases[progress.Indexes] = progress.PhaseStatus{
		Phase: progress.Indexes, State: progress.StateFailed, Start: 3 * s, Span: 4 * s, Total: 2, Done: 1, Failed: 1,
	}
	const want = `[0:00] connecting
[0:01] left out: o: r
[0:02] warning: w
[0:03] indexes: 2 to build
[0:05] failed: INDEX i: e
[0:07] indexes: ended, 1/2 in 4.0 s, 1 failed
[0:09] last commit
`
	if got := n.news(snap); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := n.news(snap); got != "" {
		t.Errorf("told twice:\n%s", got)
	}
}
