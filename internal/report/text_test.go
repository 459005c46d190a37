package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", path, got)
	}
}

func reports(t *testing.T) map[string]Report {
	t.Helper()
	return map[string]Report{
		"shop": shopReport(t), "huge": hugeReport(t), "empty": emptyReport(t), "refused": refusedReport(t),
	}
}

func text(t *testing.T, r Report, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := WriteText(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextGolden(t *testing.T) {
	for name, r := range reports(t) {
		golden(t, name+".txt", text(t, r, TextOptions{}))
	}
}

func TestTextFitsItsWidth(t *testing.T) {
	for name, r := range reports(t) {
		for _, width := range []int{72, 80, 81, 132} {
			for line := range strings.Lines(text(t, r, TextOptions{Width: width})) {
				line = strings.TrimSuffix(line, "\n")
				if displayWidth(line) > width {
					t.Errorf("%s: %d columns, not %d: %s", name, displayWidth(line), width, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s: spaces at the end of %q", name, line)
				}
			}
		}
	}
}

func TestEveryIndexAndConstraintIsListed(t *testing.T) {
	r := shopReport(t)
	out := text(t, r, TextOptions{Width: 200})
	for _, f := range r.Progress.Finished {
		if f.Task.Kind == progress.Analyze {
			continue // summed up
		}
		if f.Task.Phase == progress.Indexes || f.Task.Phase == progress.Constraints {
			if !strings.Contains(out, f.Task.Name) || !strings.Contains(out, formatDuration(f.Elapsed)) {
				t.Errorf("%s, %v is missing", f.Task.Name, f.Elapsed)
			}
		}
	}
}

func TestColorIsOnlyBoldHeadings(t *testing.T) {
	r := shopReport(t)
	plain, color := text(t, r, TextOptions{}), text(t, r, TextOptions{Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("escape sequences without colour")
	}
	if !strings.Contains(color, "\x1b[1mData\x1b[0m") {
		t.Error("headings are not bold")
	}
	if got := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(color); got != plain {
		t.Errorf("colour changes more than headings:\n%s", got)
	}
}

func TestColorFor(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if ColorFor(file) {
		t.Error("colour for a file")
	}
	// The null device is a character device everywhere, as a terminal is.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if !ColorFor(null) {
		t.Error("no colour for a character device")
	}
	t.Setenv("NO_COLOR", "1")
	if ColorFor(null) {
		t.Error("colour in spite of NO_COLOR")
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if ColorFor(null) {
		t.Error("colour for a dumb terminal")
	}
}

// TestNamesCannotSteerTheTerminal puts into every text field what a hostile identifier may hold.
func TestNamesCannotSteerTheTerminal(t *testing.T) {
	const evil = "a\x1b[2J\rb\x07\u202ec\u009bd\u2028e"
	tr := progress.New()
	var tasks []progress.Task
	for i, p := range progress.Phases() {
		tasks = append(tasks, progress.Task{ID: i, Phase: p, Kind: progress.TableData, Name: evil, Table: evil})
	}
	tr.Plan(tasks)
	tr.Step(evil)
	tr.Start(0).Fail(os.ErrClosed)
	tr.Start(1).Done(1, []progress.StageTime{{Name: evil, Elapsed: 1, Busy: 1}})
	tr.Start(2).Done(1, nil)
	running := tr.Start(3)
	tr.Warn(progress.Warning{Object: evil, Message: evil})
	tr.Skip(progress.LeftOut{Object: evil, Reason: evil})
	running.By(progress.Worker{Name: evil})
	tr.Describe(3, progress.Detail{
		Activity: evil, SourceWait: evil, TargetWait: evil,
		BlockedBy: []progress.Blocker{{Server: evil, PID: 1, Application: evil, User: evil, State: evil}},
	})
	n := narrator{width: 80}
	s := tr.Snapshot()
	s.Data.Idle = time.Hour
	out := n.news(s) + n.status(s) + StatusText(s, 80)
	for _, told := range []string{"blocked by", "no bytes for"} {
		if !strings.Contains(out, told) {
			t.Errorf("%q is not said", told)
		}
	}
	running.Done(1, nil)
	e := Endpoint{Host: evil, Port: 1, Database: evil, User: evil, ServerVersion: evil}
	out += text(t, Report{
		Version: evil, Command: evil, Source: e, Target: e, PgDump: Program{evil, evil}, Options: []string{evil},
		Snapshot: evil, Outcome: Failed, Error: evil, Progress: tr.Snapshot(),
	}, TextOptions{})
	for _, bad := range []string{"\x1b", "\r", "\a", "\u202e", "\u009b", "\u2028"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q reached the terminal:\n%q", bad, out)
		}
	}
}

func TestTextReportsAWriteError(t *testing.T) {
	if err := WriteText(brokenWriter{}, shopReport(t), TextOptions{}); err == nil {
		t.Error("no error")
	}
	if err := WriteJSON(brokenWriter{}, shopReport(t)); err == nil {
		t.Error("no error")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

func TestTheExitCodeIsExplained(t *testing.T) {
	begun := shopReport(t)
	dump := begun
	dump.Command = "dump"
	for _, test := range []struct {
		r       Report
		outcome Outcome
		code    int
		want    string
	}{
		{begun, Complete, 0, "Complete in 1 min 30 s.\n  Exit code 0: done.\n"},
		{begun, Complete, 2, "  Exit code 2: the copy is complete, but the report could not be written.\n"},
		{begun, CompleteWithFailures, 2, "Complete with 1 failure in 1 min 30 s.\n  Exit code 2: done, but not everything; what is missing is listed.\n"},
		{begun, Failed, 4, "Failed after 1 min 30 s.\n  Exit code 4: the target is incomplete.\n"},
		{begun, Cancelled, 143, "Cancelled after 1 min 30 s.\n  Exit code 143: the target is incomplete.\n"},
		{Report{}, Cancelled, 130, "Cancelled after 0 s.\n  Exit code 130: nothing was copied.\n"},
		{Report{Command: "restore"}, Cancelled, 130, "Cancelled after 0 s.\n  Exit code 130: nothing was restored.\n"},
		{Report{Command: "dump"}, Failed, 4, "Failed after 0 s.\n  Exit code 4: nothing was written.\n"},
		{dump, Failed, 4, "  Exit code 4: no whole archive was written; what a pipe got is useless.\n"},
		{dump, Complete, 2, "  Exit code 2: the dump is complete, but the report could not be written.\n"},
		{Report{}, Failed, 1, "Failed after 0 s.\n  Exit code 1: nothing was changed.\n"},
	} {
		test.r.Outcome, test.r.ExitCode = test.outcome, test.code
		if got := text(t, test.r, TextOptions{}); !strings.HasSuffix(got, test.want) {
			t.Errorf("%s, %d: got %q", test.outcome, test.code, got[max(0, len(got)-200):])
		}
	}
}

// A schema with hundreds of indexes does not bury the rest of the report.
func TestTextOfManyIndexes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := progress.New()
		tasks := make([]progress.Task, 25)
		for i := range tasks {
			tasks[i] = progress.Task{ID: i, Phase: progress.Indexes, Kind: "INDEX", Name: fmt.Sprintf("public.i%02d", i)}
		}
		tr.Plan(tasks)
		for i := range tasks {
			r := tr.Start(i)
			time.Sleep(time.Duration(i) * time.Second)
			r.Done(0, nil)
		}
		tr.Finish()
		var b strings.Builder
		if err := WriteText(&b, Report{Outcome: Complete, Progress: tr.Snapshot()}, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Slowest indexes (10 of 25)", "public.i15 ", "all others: 15 ", "1 min 45 s\n"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%q is missing:\n%s", want, b.String())
			}
		}
		if strings.Contains(b.String(), "public.i14 ") {
			t.Errorf("more than the slowest are listed:\n%s", b.String())
		}
	})
}
