package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		sample sample
		want   float64
	}{{sample{7}, 7}, {sample{3, 1}, 2}, {sample{9, 1, 2}, 2}, {sample{4, 3, 2, 1}, 2.5}} {
		if got := c.sample.median(); got != c.want {
			t.Errorf("median of %v: %v, not %v", c.sample, got, c.want)
		}
	}
}

// made is a peer with the figures of three runs, of which the middle one is wall seconds long.
func made(name string, ours bool, seconds float64) *peer {
	p := &peer{name: name, title: name, ours: ours}
	for _, factor := range []float64{1.5, 0.5, 1} {
		wall := time.Duration(factor * seconds * float64(time.Second))
		p.costs = append(p.costs, cost{wall: wall, cpu: wall / 10, source: wall / 2, target: wall, hwm: 3 << 20, wal: 5e6})
	}
	return p
}

func TestFigures(t *testing.T) {
	p := made("p", true, 10)
	for name, c := range map[string]struct{ got, want float64 }{
		"wall":    {p.of(wall).median(), 10},
		"least":   {p.of(wall).min(), 5},
		"most":    {p.of(wall).max(), 15},
		"servers": {p.of(servers).median(), 15},
		"all":     {p.of(all).median(), 16},
		"share":   {p.of(share).median(), 1.0 / 16},
		"idle":    {p.of(idle(2)).median(), 20.0 / 16},
		"hwm":     {p.of(hwm).median(), 3},
		"wal":     {p.of(wal).median(), 5},
		"ratio":   {ratio(3, 2), 1.5},
		"nothing": {ratio(3, 0), 0},
	} {
		if c.got < c.want-1e-9 || c.got > c.want+1e-9 {
			t.Errorf("%s: %v, not %v", name, c.got, c.want)
		}
	}
	sum := cost{wall: 1, cpu: 2, hwm: 7, peak: 1}.then(cost{wall: 10, cpu: 20, hwm: 5, peak: 3})
	if sum.wall != 11 || sum.cpu != 22 || sum.hwm != 7 || sum.peak != 3 {
		t.Errorf("one after the other: %+v", sum)
	}
}

// The fastest peer is not pgsluice itself, and one that failed counts for nothing.
func TestSummary(t *testing.T) {
	failed := &peer{name: "failed", title: "failed", err: errors.New("so\nand | so")}
	s := set{name: "kv", size: "much", peers: []*peer{made("pgsluice", true, 4), made("dump", false, 10), made("quick", false, 5), made("pgsluice-two", true, 2), failed}}
	var r result
	r.suite([]set{s}, []string{"somebody: for a reason"})
	text := strings.Join(r.lines, "\n")
	for _, want := range []string{
		"| kv | pgsluice | **4.00 s** | quick, 5.00 s | **0.80** | 0.40 |", "| kv | pgsluice-two | **2.00 s** | quick, 5.00 s | **0.40** | 0.20 |",
		"| dump | dump | **10.00 s** | 5.00 to 15.00 s | 0.40 | 1.00 s | 5.00 s | 10.00 s | 16.00 s | 6.2 % |",
		`failed failed after 0 runs: so and \| so`, "Left out: somebody: for a reason.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}
	var document struct {
		Runs   []figures
		Failed map[string]string
	}
	if err := json.Unmarshal(r.files["json"], &document); err != nil || len(document.Runs) != 12 || len(document.Failed) != 1 || document.Runs[3].Wall != 15 || document.Runs[3].Round != 1 {
		t.Errorf("%v: %+v", err, document)
	}
}

// The plot is XML whatever the names are, a bar's length is its median's share of the longest run, and a failure is told.
func TestPlot(t *testing.T) {
	hostile := `"><script>&'`
	s := set{name: hostile, peers: []*peer{made(hostile, true, 4), made("dump", false, 8), {name: "none"}}}
	text := plot([]set{s, s, s})
	decoder := xml.NewDecoder(strings.NewReader(string(text)))
	var words, widths []string
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "script" {
				t.Error("a name has become an element")
			}
			if token.Name.Local == "rect" {
				widths = append(widths, token.Attr[2].Value)
			}
		case xml.CharData:
			words = append(words, string(token))
		}
	}
	full := float64(panelWidth - labelWidth - valueWidth - 20)
	if want := fmt.Sprintf("%.1f %.1f", full*4/12, full*8/12); strings.Join(widths[1:3], " ") != want { // the first is the background
		t.Errorf("bars of %v, not %s", widths, want)
	}
	for _, want := range []string{hostile, "4.00", "8.00", "failed"} {
		if n := strings.Count(strings.Join(words, "\n"), want); n < 3 {
			t.Errorf("%q stands in the plot %d times", want, n)
		}
	}
}

func TestVariants(t *testing.T) {
	for text, want := range map[string]string{
		"two=--jobs 2 --no-analyze": "{two  [--jobs 2 --no-analyze]}", "old=/a/pgsluice --jobs=2": "{old /a/pgsluice [--jobs=2]}", "none=": "{none  []}",
	} {
		if v, err := parseVariant(text); err != nil || fmt.Sprint(v) != want {
			t.Errorf("%s: %v, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "two", "=--jobs 2", "a b=--jobs 2", "a*=", "a,b="} {
		if v, err := parseVariant(text); err == nil {
			t.Errorf("%q became %v", text, v)
		}
	}
	for _, c := range []struct {
		patterns, name string
		want           bool
	}{{"", "any", true}, {"dump,dir", "dir", true}, {"dump,dir", "dir-1GB", false}, {"pgsluice*", "pgsluice-two", true}, {"[", "[", false}} {
		if got := chosen(c.patterns, c.name); got != c.want {
			t.Errorf("%q chooses %q: %v", c.patterns, c.name, got)
		}
	}
}
