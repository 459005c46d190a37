package report

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

// replayed plays a transfer and calls see at many moments with what its own process knows, and with what its events tell.
func replayEach(t *testing.T, script func(tr *progress.Tracker, look func()), see func(near, far progress.Snapshot)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr, e, r := progress.New(), newEvents(&b, 0), &Replay{}
		look := func() {
			near := tr.Snapshot()
			b.Reset()
			if err := e.see(near, near.Over); err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(b.Bytes()) {
				if err := r.Event(line); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
			}
			see(near, r.Snapshot())
		}
		script(tr, look)
		look()
	})
}

// TestReplayLooksTheSame: who watches the events from afar sees, letter by letter, what the transfer's own terminal shows.
func TestReplayLooksTheSame(t *testing.T) {
	for name, script := range map[string]func(*progress.Tracker, func()){
		"shop":    shop,
		"resumed": func(tr *progress.Tracker, look func()) { resumed(tr); look() },
		"stuck":   func(tr *progress.Tracker, look func()) { stuck(tr); look() },
	} {
		t.Run(name, func(t *testing.T) {
			looks := 0
			var near, far narrator
			replayEach(t, script, func(a, b progress.Snapshot) {
				looks++
				if want, got := StatusText(a, 100), StatusText(b, 100); want != got {
					t.Fatalf("status at %v:\n%s\nfrom afar:\n%s", a.Elapsed, want, got)
				}
				if want, got := near.news(a)+near.status(a), far.news(b)+far.status(b); want != got {
					t.Fatalf("lines at %v:\n%s\nfrom afar:\n%s", a.Elapsed, want, got)
				}
				if b.Over != a.Over || b.Started.Sub(a.Started).Abs() > time.Second {
					t.Fatalf("over %v, started %v; from afar %v, %v", a.Over, a.Started, b.Over, b.Started)
				}
			})
			if name == "shop" && looks < 80 {
				t.Errorf("only %d looks", looks)
			}
		})
	}
}

// TestReplayOfARunThatIsTakenUp: what the first run told stays told, its state does not.
func TestReplayOfARunThatIsTakenUp(t *testing.T) {
	var r Replay
	for _, line := range []string{
		`{"schema":"pgsluice/progress","version":1,"event":"start","at_seconds":0,"started_at":"2026-01-15T02:30:00Z","window_seconds":5}`,
		`{"schema":"pgsluice/progress","version":1,"event":"warning","at_seconds":1,"object":"a","message":"first"}`,
		`{"schema":"pgsluice/progress","version":1,"event":"progress","at_seconds":3,"phases":[],"data":{"bytes":100},"running":[{"id":1,"name":"t"}]}`,
		`{"schema":"pgsluice/progress","version":1,"event":"start","at_seconds":0,"started_at":"2026-01-15T03:30:00Z","window_seconds":5}`,
		`{"schema":"pgsluice/progress","version":1,"event":"warning","at_seconds":1,"object":"a","message":"second"}`,
		`{"schema":"pgsluice/progress","version":1,"event":"something_new","at_seconds":1}`,
		`{"at_seconds":1,"bytes":5}`,
	} {
		if err := r.Event([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Snapshot()
	if len(s.Warnings) != 2 || s.Data.Bytes != 0 || len(s.Running) != 0 || s.Started.Hour() != 3 {
		t.Errorf("%+v", s)
	}
}

func TestReplayRefuses(t *testing.T) {
	for line, want := range map[string]string{
		`{"schema":"pgsluice/progress","version":2,"event":"end"}`: "use the same program for both",
		`{`: "event: ",
		`{"schema":"pgsluice/progress","version":1,"event":"step","at_seconds":1,"text":["no"]}`: "event step: ",
	} {
		var r Replay
		if err := r.Event([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
