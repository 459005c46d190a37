package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/progress"
)

// heldUpSnapshot is a moment in which one session on the source waits, and another one did.
func heldUpSnapshot(waited time.Duration) progress.Snapshot {
	s := progress.New().Snapshot()
	s.Elapsed = 100*time.Second + waited
	s.Source = progress.Source{
		SnapshotAge: 80 * time.Second, XIDAge: 12345, DatabaseXIDAge: 1000, FreezeMaxAge: 200_000_000,
		HeldUp: []progress.HeldUp{{
			PID: 4711, Application: "psql", User: "b\nob", Wants: "ACCESS EXCLUSIVE on public.orders", Behind: 2, Since: 60 * time.Second, For: waited,
		}},
	}
	return s
}

const heldUpWords = `pid 4711 (psql, user b\nob): waits for ACCESS EXCLUSIVE on public.orders, for 40 s; 2 sessions wait behind it`

// Whom the transfer holds up is said when it begins, after another minute, and when it is over.
func TestHeldUpIsTold(t *testing.T) {
	n := narrator{}
	if got := n.news(heldUpSnapshot(40 * time.Second)); !strings.Contains(got, "source: pgsluice holds up "+heldUpWords+"\n") {
		t.Errorf("at first: %q", got)
	}
	if got := n.news(heldUpSnapshot(99 * time.Second)); got != "" {
		t.Errorf("a little later: %q", got)
	}
	if got := n.news(heldUpSnapshot(100 * time.Second)); !strings.Contains(got, "pid 4711") {
		t.Errorf("a minute later: %q", got)
	}
	s := heldUpSnapshot(110 * time.Second)
	s.Source.Freed, s.Source.HeldUp = s.Source.HeldUp, nil
	if got := n.news(s); !strings.Contains(got, "source: pid 4711 is held up no more, after 1 min 50 s") {
		t.Errorf("at the end: %q", got)
	}
	if got := n.news(s); got != "" {
		t.Errorf("after the end: %q", got)
	}
}

func TestHeldUpIsShown(t *testing.T) {
	s := heldUpSnapshot(40 * time.Second)
	status := StatusText(s, 0)
	for _, want := range []string{"snapshot held for 1 min 20 s, 12,345 transactions since\n", heldUpWords + "\n"} {
		if !strings.Contains(strings.ReplaceAll(status, " ", ""), strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the status does not say %q:\n%s", want, status)
		}
	}
	rows := newBarStyle(false).rows(s, 200, 40)
	if !slices.ContainsFunc(rows, func(r Row) bool { return r.Text == "holds up "+heldUpWords }) {
		t.Errorf("no row shows it: %v", rows)
	}
	s.Source.Freed = []progress.HeldUp{{PID: 1, Wants: "the end of older snapshots", For: time.Second}}
	s.Source.Released = true
	j := sourceLoad(s.Source)
	if len(j.HeldUp) != 2 || j.HeldUp[0].PID != 1 || j.HeldUp[1].WaitedSeconds != 40 || *j.HeldUp[1].User != "b\nob" || j.HeldUp[0].User != nil || !j.Released {
		t.Errorf("in the report: %+v", j)
	}
	if notes := htmlNotes(Report{Progress: s}); len(notes) != 1 || notes[0].Title != "Held up on the source (2)" {
		t.Errorf("on the page: %+v", notes)
	}
	if sourceLoad(progress.Source{}) != nil || sourceText(progress.Source{Released: true}) != "" {
		t.Error("something is said where nothing is known")
	}
	s.Source.DatabaseXIDAge = 200_000_000
	if got := sourceText(s.Source); !strings.HasSuffix(got, "; autovacuum runs against wraparound there (age 200,000,000)") {
		t.Errorf("an old database: %q", got)
	}
}

// The events tell the same.
func TestHeldUpEvents(t *testing.T) {
	text := heldUpEvents(t)
	const held = `"pid":4711,"application":"psql","user":"b\nob","wants":"ACCESS EXCLUSIVE on public.orders","waited_seconds":40,"behind":2}`
	for _, want := range []string{
		`"event":"holds_up","at_seconds":140,` + held + "\n", `"event":"freed","at_seconds":140,` + held + "\n",
		`"source":{"snapshot_seconds":80,"released":false,"xid_age":12345,"database_xid_age":1000,"freeze_max_age":200000000,"held_up":[{` + held + "]}",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no event says %s:\n%s", want, text)
		}
	}
}

func heldUpEvents(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	e := newEvents(&b, time.Hour)
	s := heldUpSnapshot(40 * time.Second)
	if err := e.see(s, false); err != nil {
		t.Fatal(err)
	}
	s.Source.Freed, s.Source.HeldUp = s.Source.HeldUp, nil
	if err := e.see(s, true); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
