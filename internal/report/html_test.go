package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

func render(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTMLEscapes(t *testing.T) {
	r := samples()["rich"]
	r.Source.Database, r.Error, r.Version = hostileName, hostileName, hostileName
	r.Options = append(r.Options, hostileName)
	r.Progress.Running = append(r.Progress.Running, progress.RunningTask{
		Task: progress.Task{Kind: hostileName, Name: hostileName}, Worker: progress.Worker{Name: hostileName},
	})
	page := render(t, r)
	for _, bad := range []string{"<img", "<script>alert", "\u202e", "\u0007", "</title><script"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	if !strings.Contains(page, `\u202e\x07`) {
		t.Error("what was escaped is not shown")
	}
}

func TestHTMLStandsAlone(t *testing.T) {
	for name, r := range samples() {
		page := render(t, r)
		if found := regexp.MustCompile(`(?i)https?:|url\([^#]|@import|<[^>]*\s(src|style|on[a-z]+)=`).FindString(page); found != "" {
			t.Errorf("%s: %q", name, found)
		}
		if !strings.Contains(page, `content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
			t.Errorf("%s: no policy", name)
		}
	}
}

func TestHTMLOutcomes(t *testing.T) {
	for name, want := range map[string][]string{
		"complete":  {"<strong>Complete</strong>", "Exit code 0: done.", "Tables (90)", "Indexes (105)", "Constraints (40)", "Statistics (40)"},
		"rich":      {"Complete with ", "Exit code 2", "Failures (", "Warnings (12)", "7 more warnings", "Left out (1)", "subscription orders_from_eu"},
		"failed":    {"<strong>Failed</strong>", "HINT: Check free disk space.", "cut off after", "failed after"},
		"cancelled": {"<strong>Cancelled</strong>", "interrupted (SIGINT)", "not started"},
		"short":     {"too short to be measured", "data (2)", "1.5 ms"},
		"empty":     {"<strong>Failed</strong>", "Nothing was planned"},
	} {
		page := render(t, samples()[name])
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: no %q", name, w)
			}
		}
	}
}

// The tracker's own snapshots, also those of transfers that took no time.
func TestHTMLOfTracker(t *testing.T) {
	for _, r := range []Report{shopReport(t), hugeReport(t), emptyReport(t), refusedReport(t), {}} {
		page := render(t, r)
		for _, bad := range []string{"NaN", "Inf", "ZgotmplZ", "<no value>"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: %s", r.Error, bad)
			}
		}
	}
}

// What the transfer broke off is shown, although it neither ended nor still runs.
func TestHTMLShowsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := progress.New()
		tr.Plan([]progress.Task{{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.t"}})
		task := tr.Start(1)
		task.By(progress.Worker{Name: "copy 1"})
		task.AddBytes(500)
		time.Sleep(2 * time.Second)
		task.Interrupt(nil)
		tr.Finish()
		page := render(t, Report{Outcome: Cancelled, Progress: tr.Snapshot()})
		for _, want := range []string{"cut off after 2.0 s", `<span class="mark">cut off</span>`, `<div class="label">copy 1</div>`} {
			if !strings.Contains(page, want) {
				t.Errorf("no %q", want)
			}
		}
	})
}

func TestWriteFileChoosesByName(t *testing.T) {
	for name, want := range map[string]string{"r.html": "<!DOCTYPE", "R.HTM": "<!DOCTYPE", "r.json": "{", "html": "{", "r.html.json": "{"} {
		path := filepath.Join(t.TempDir(), name)
		if err := WriteFile(path, emptyReport(t)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), want) {
			t.Errorf("%s begins with %.20q", name, text)
		}
	}
}

func TestHTMLMergesNarrowTasks(t *testing.T) {
	var s progress.Snapshot
	s.Elapsed = 100 * time.Second
	for i := range 10_000 {
		f := progress.FinishedTask{
			Task:  progress.Task{ID: i, Phase: progress.Indexes, Kind: "INDEX", Name: fmt.Sprint("i", i)},
			Start: time.Duration(i/4) * 40 * ms, Elapsed: 30 * ms, Worker: progress.Worker{Name: fmt.Sprint("build ", i%4+1)},
		}
		if i == 5000 {
			f.Error = "broken"
		}
		s.Finished = append(s.Finished, f)
	}
	v := htmlTimeline(Report{Progress: s})
	bars, failed := 0, 0
	for _, l := range v.Lanes {
		bars += len(l.Bars)
		for _, b := range l.Bars {
			if b.Failed {
				failed++
			}
		}
	}
	if len(v.Lanes) != 4 || bars > 4*narrow/2 || failed != 1 {
		t.Errorf("%d lanes, %d bars, %d of them failed", len(v.Lanes), bars, failed)
	}
	if !strings.Contains(v.Summary, "9,999 of them") {
		t.Errorf("summary %q", v.Summary)
	}
	if got := v.Lanes[1].Bars[0].Title; !strings.HasPrefix(got, "2,500 tasks, 1 min 15 s\n") {
		t.Errorf("title %q", got)
	}
}

func TestHTMLLanes(t *testing.T) {
	var all []stroke
	for i, name := range []string{"constraints", "build 2", "copy 10", "copy 2", "schema", "build 1", "data", "steps", "helper"} {
		all = append(all, stroke{lane: name, start: time.Duration(i), elapsed: 5})
	}
	all = append(all, stroke{lane: "data", start: 7, elapsed: 2}) // overlaps the other one
	var names []string
	for _, l := range lanes(all) {
		names = append(names, l.name)
	}
	if got := strings.Join(names, ", "); got != "steps, schema, copy 2, copy 10, build 1, build 2, helper, data, data (2), constraints" {
		t.Error(got)
	}
}
