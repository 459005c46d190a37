package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/plan"
	"pgsluice/internal/preflight"
	"pgsluice/internal/transfer"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		low, high time.Duration
		want      string
	}{
		{0, 0, "Less than 1 s"},
		{time.Second, 4 * time.Second, "Less than 5 s"},
		{5 * time.Second, 20 * time.Second, "About 5 to 20 s"},
		{30 * time.Second, 2 * time.Minute, "About 30 s to 2 min"},
		{3 * time.Minute, 12 * time.Minute, "About 3 to 12 min"},
		{40 * time.Minute, 160 * time.Minute, "About 40 min to 3 h"},
		{100 * time.Hour, 110 * time.Hour, "About 100 to 110 h"},
		{10 * time.Hour, 10*time.Hour + time.Minute, "About 10 h"},
	} {
		if got := span(tt.low, tt.high); got != tt.want {
			t.Errorf("%s to %s: %q, want %q", tt.low, tt.high, got, tt.want)
		}
	}
}

func outlookOf(tables int) *transfer.Outlook {
	f := &transfer.Forecast{Took: 8 * time.Minute}
	for i := range tables {
		bytes := int64(1e9 / (i + 1))
		f.Tables = append(f.Tables, transfer.ForecastTable{
			Name: fmt.Sprintf("public.a_table_whose_name_is_long_enough_to_be_cut_%d", i), Rows: bytes / 100, Bytes: bytes, IndexBytes: bytes / 3, Begin: i + 1,
			Binary: i > 1,
		})
		if i == 1 {
			f.Tables[i].AsText = "column \"x\ny\" is regrole, whose OIDs differ between databases, and this goes on for longer than a line does"
		}
		f.Bytes += bytes
	}
	return &transfer.Outlook{
		Plan: &plan.Plan{LeftOut: []plan.LeftOut{{Object: "subscription s", Reason: "because"}}}, Forecast: f, Jobs: 4, IndexJobs: 4,
		Source: transfer.Endpoint{Host: "old.example", Port: 5432, Database: "shop", User: "me", ServerVersion: "15.18 (Debian)"}, SourceEncoding: "UTF8",
		Findings: []preflight.Finding{
			{Level: preflight.Note, What: strings.Repeat("a note ", 20)},
			{Level: preflight.Error, Side: preflight.Source, What: "a table \"x\ny\"", Do: "rename it"},
		},
	}
}

// No line is wider than the terminal; without one each finding is one line, whatever its names hold.
func TestPlanText(t *testing.T) {
	t.Parallel()
	for _, width := range []int{80, 120} {
		text := planText{Outlook: outlookOf(30), width: width}
		for _, line := range strings.Split(text.String(), "\n") {
			if len([]rune(line)) > width {
				t.Errorf("%d columns: %q", len([]rune(line)), line)
			}
		}
	}
	cut := planText{Outlook: outlookOf(30)}
	whole := planText{Outlook: outlookOf(30), all: true}
	short, long := cut.String(), whole.String()
	if !strings.Contains(short, "and 10 more (--all)") || strings.Contains(short, "cut_20 ") || strings.Contains(long, "more (--all)") || !strings.Contains(long, "cut_29 ") {
		t.Errorf("tables:\n%s", short)
	}
	if !strings.Contains(short, "\n  error    source: a table \"x\\x0ay\"; rename it\n  note     a note") {
		t.Errorf("findings:\n%s", short)
	}
	for i, want := range []string{"1   text\n  public.", "1   text\n    text: column \"x\\x0ay\" is regrole, whose OIDs differ", "1 binary\n  public."} {
		if _, line, _ := strings.Cut(short, fmt.Sprintf("_be_cut_%d ", i)); !strings.HasPrefix(line[min(len(line), strings.Index(line, "\n")-8):], want) {
			t.Errorf("format of table %d: %.100q", i, line)
		}
	}
	if !strings.Contains(short, "About 4 to 16 min.") || !strings.Contains(short, "\n  subscription s: because\n") {
		t.Errorf("text:\n%s", short)
	}
	limited := planText{Outlook: outlookOf(1), rate: 100_000}
	if got := limited.String(); !strings.Contains(got, "About 3 h. The rate limit alone makes it 3 h.") {
		t.Errorf("with a rate limit:\n%s", got)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for want, k := range map[string]objectKind{
		"1 table": {"table", 1}, "2 indexes": {"index", 2}, "3 foreign keys": {"foreign key", 3}, "2 policies": {"policy", 2}, "0 views": {"view", 0},
	} {
		if got := fmt.Sprintf("%d %s", k.N, k.plural()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
