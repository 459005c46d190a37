package report

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sampleBench has what can go wrong: hostile names, a failed measurement, a slow link.
func sampleBench() Bench {
	bound, format, jobs, flags, rate, phase := "target", "binary", 2, "--jobs 2 --format auto", 119.5e6, 83.7
	failed := "target: disk full\n<script>"
	b := Bench{
		PgsluiceVersion: "0.1.0", Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Ended: time.Date(2026, 3, 1, 12, 1, 2, 0, time.UTC),
		Outcome: BenchIncomplete, ExitCode: 4, Error: &failed, Jobs: 2, DurationSeconds: 3, BytesLimit: 1e9,
		Source: BenchSide{
			Host: "db1.example.org", Port: 5432, Database: "shop", User: "app", ServerVersion: "15.18 (Debian 15.18-1)", TLS: true, Standby: true,
			RoundTripSeconds: 0.00042, RoundTripLow: 0.0004, RoundTripHigh: 0.0213,
		},
		Target: &BenchSide{Host: "/run/postgresql", Port: 5433, Database: "shop <b>new</b>", User: "postgres", ServerVersion: "17.11"},
		Tables: []BenchTable{{"public.\"<img src=x>\n\"", 7e9}, {"public.日本語", 1e6}}, TablesTotal: 30, BytesTotal: 8e9,
		Sample:       &BenchSample{Table: "public.\"<img src=x>\n\"", Rows: 173357, TextBytes: 16.8e6, BinaryBytes: 14.2e6},
		Compressions: []BenchCompression{{"lz4", "text", 321e6, 2.5}, {"zstd level 1", "binary", 98.7e6, 3.125}},
		Verdict: BenchVerdict{
			Bound: &bound, Format: &format, Jobs: &jobs, Flags: &flags, BytesPerSecond: &rate, DataPhaseSeconds: &phase,
			Lines: []string{"A copy would be bound by writing to the target: the source gives 240 MB/s and the target takes 119 MB/s with 2 streams, in binary.", "Table public.\"<img src=x>\n\" holds 70 % of it."},
		},
		Notes: []string{"Table public.secret was not read: permission denied"},
	}
	add := func(kind, format string, streams int, mb float64) *BenchMeasurement {
		b.Measurements = append(b.Measurements, BenchMeasurement{
			Kind: kind, Format: format, Streams: streams, Bytes: int64(mb * 3e6), Rows: int64(mb * 3e4), Seconds: 3,
			BytesPerSecond: mb * 1e6, Low: mb * 0.9e6, High: mb * 1.2e6, RowsPerSecond: mb * 1e4, Intervals: []float64{mb * 1e6, mb*1e6 + 0.4},
		})
		return &b.Measurements[len(b.Measurements)-1]
	}
	for i, mb := range []float64{0.0123, 210} {
		add("source-link", "binary", 1+i, mb)
	}
	for i, mb := range []float64{120, 240} {
		add("source-read", "text", 1+i, mb)
		add("source-read", "binary", 1+i, mb/2)
		add("target-write", "binary", 1+i, mb/3)
	}
	busy := 0.75049
	add("source-to-target", "binary", 1, 55).TargetBusy = &busy
	*add("source-to-target", "binary", 2, 0) = BenchMeasurement{Kind: "source-to-target", Format: "binary", Streams: 2, Error: &failed}
	return b
}

func TestBenchText(t *testing.T) {
	t.Parallel()
	golden(t, "bench.txt", sampleBench().Text(0, false))
	for _, width := range []int{72, 80, 200} {
		for _, line := range strings.Split(sampleBench().Text(width, false), "\n") {
			if n := displayWidth(line); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
	}
	if colored := sampleBench().Text(80, true); !strings.Contains(colored, "\x1b[1mServers\x1b[0m") {
		t.Error("no colour")
	}
	if empty := (Bench{}).Text(80, false); !strings.HasPrefix(empty, "Servers\n") {
		t.Errorf("%q", empty)
	}
}

func TestBenchJSON(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]Bench{"full": sampleBench(), "empty": {}} {
		text, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var back Bench
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if back.Schema != BenchSchema || back.Version != BenchVersion {
			t.Errorf("%s: schema %q, version %d", name, back.Schema, back.Version)
		}
		if list := regexp.MustCompile(`"(tables|measurements|compressions|notes|lines)": null`).Find(text); list != nil {
			t.Errorf("%s: %s", name, list)
		}
	}
	text, _ := sampleBench().JSON()
	for _, want := range []string{`"bound_by": "target"`, `"round_trip_seconds": 0.00042`, `"target_busy_share": 0.75`, `"bytes_per_second": 12300,`, `"error": null`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestBenchHTML(t *testing.T) {
	t.Parallel()
	text, err := sampleBench().HTML()
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, bad := range []string{"<script", "<img", "<b>new", "http:", "https:", "style=\"", "NaN", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, want := range []string{"default-src 'none'; style-src &#39;sha256-", "Measured, with failures", "failed: target: disk full\\n", "pgsluice copy … --jobs 2 --format auto", "the target", "1 min 24 s", "over TLS"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "'", "&#39;")) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	for _, m := range regexp.MustCompile(`width="([0-9.]+)%"`).FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(m[1], "100.0") && len(m[1]) > 8 {
			t.Errorf("a bar leaves the page: %s", m[0])
		}
	}
	if !utf8.ValidString(page) {
		t.Error("not UTF-8")
	}
	for _, outcome := range []string{BenchComplete, BenchInterrupted, BenchFailed, ""} {
		if _, err := (Bench{Outcome: outcome}).HTML(); err != nil {
			t.Error(err)
		}
	}
}

func TestIsPage(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{"a.html": true, "a/b.HTM": true, "a.json": false, "html": false, "-": false, "": false} {
		if IsPage(path) != want {
			t.Error(path)
		}
	}
}
