package engine

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// moved is how many bytes a live state says.
func moved(t *testing.T, l work.Live) int64 {
	t.Helper()
	var p struct{ Data struct{ Bytes int64 } }
	if l.Progress == nil {
		return 0
	}
	if err := json.Unmarshal(l.Progress, &p); err != nil {
		t.Fatal(err)
	}
	return p.Data.Bytes
}

var copyProd = work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}

// A copy that was created runs, can be watched, ends, and says what it has done; and no secret gets out by it.
func TestCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, bigTable("big")+"CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 50); CREATE INDEX ON big (id)")
	e, _ := w.start("one")
	spec := copyProd
	spec.Options.Verify = true
	made := w.create(e, spec)
	if made.ID != "c001" || made.State != work.Pending || made.By != "tester" {
		t.Errorf("made: %+v", made)
	}
	var seen []work.State
	var last work.Live
	for l, err := range e.Live(t.Context(), made.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if last = l; !slices.Contains(seen, l.Transfer.State) {
			seen = append(seen, l.Transfer.State)
		}
	}
	if got := last.Transfer; got.State != work.Completed || got.Attempts != 1 || got.Totals.Rows != 2050 || got.Totals.Tables != 2 || got.Totals.Bytes < 20_000_000 ||
		got.Daemon != "" || got.Equal == nil || !*got.Equal || got.Started == nil || got.Ended == nil || got.Error != "" || !got.Arrived {
		t.Errorf("in the end: %+v", got)
	}
	if moved(t, last) < 20_000_000 || !slices.Contains(seen, work.Running) {
		t.Errorf("seen: %v, moved %d", seen, moved(t, last))
	}
	var names []string
	all := string(last.Progress)
	for ev, err := range e.Events(t.Context(), made.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		names, all = append(names, ev.Name), all+string(ev.Data)
	}
	for _, name := range []string{"start", "plan", "step", "task_started", "task_ended", "end"} {
		if !slices.Contains(names, name) {
			t.Errorf("no event %s: %v", name, names)
		}
	}
	if names[0] != "state" || names[len(names)-1] != "state" || slices.Contains(names, "progress") {
		t.Errorf("events: %v", names)
	}
	report, err := e.Report(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Outcome string
		Source  struct{ Host, Database, User string }
	}
	if err := json.Unmarshal(report, &r); err != nil || r.Outcome != "complete" || r.Source.Database != "prod" || r.Source.Host != "" || r.Source.User != "" {
		t.Errorf("report: %+v, %v", r, err)
	}
	for _, secret := range w.secrets() {
		if strings.Contains(all+string(report), secret) {
			t.Errorf("%q got out", secret)
		}
	}
	pgtest.DBDiff(t, w.src, w.dst)
	dbs, err := e.Databases(t.Context())
	if err != nil || dbs[0].LastID != made.ID || dbs[0].LastEnded.IsZero() || !dbs[0].WindowOpen {
		t.Errorf("databases: %+v, %v", dbs, err)
	}
}
