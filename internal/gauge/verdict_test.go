package gauge

import (
	"strings"
	"testing"
	"time"
)

// figures makes a result of MB/s by kind and format, for 1, 2, 4 streams each.
func figures(rates map[Kind]map[Format][]float64) *Result {
	r := &Result{
		Target: &Side{}, AllBytes: 10e9, AllTables: 3, Tables: []Table{{"public.big", 7e9}},
		Sample: Sample{Table: "public.big", Rows: 10, TextBytes: 200, BinaryBytes: 100},
	}
	for _, kind := range []Kind{SourceLink, SourceRead, TargetLink, TargetWrite, Through} {
		for _, format := range []Format{Text, Binary} {
			for i, mb := range rates[kind][format] {
				r.Measurements = append(r.Measurements, Measurement{Kind: kind, Format: format, Streams: 1 << i, BytesPerSecond: mb * 1e6})
			}
		}
	}
	return r
}

var wideLink = map[Format][]float64{Binary: {1000, 1000, 1000}}

func TestJudge(t *testing.T) {
	t.Parallel()
	type rates = map[Kind]map[Format][]float64
	for name, test := range map[string]struct {
		result *Result
		bound  Bound
		format Format
		jobs   int
		mb     float64 // as text
		says   []string
		flags  string
	}{
		"the target, whose rate stops growing at 2": {
			figures(rates{
				SourceLink: wideLink, TargetLink: wideLink,
				SourceRead:  {Text: {100, 200, 400}, Binary: {60, 120, 240}},
				TargetWrite: {Text: {40, 60, 61}, Binary: {40, 60, 61}},
			}), ByTarget, Binary, 2, 120,
			[]string{"bound by writing to the target: the source gives 120 MB/s and the target takes 60 MB/s with 2 streams, in binary", "grows 1.5-fold with 2 streams, and no further: they share its cores, its disk or its WAL", "Binary moves 2.0 times", "about 10 GB as COPY text, would take about 1 min 24 s", "Table public.big holds 70 %"},
			"--jobs 2 --format auto",
		},
		"the source, each stream a core": {
			figures(rates{SourceLink: wideLink, TargetLink: wideLink, SourceRead: {Text: {20, 40, 80}}, TargetWrite: {Text: {100, 200, 300}}}),
			BySource, Text, 4, 80,
			[]string{"bound by reading the source", "grows 4.0-fold with 4 streams: each is bound by one core there, and more of them may do more. Try bench --jobs 8"},
			"--jobs 4 --format auto", // nothing speaks against binary
		},
		"both together are slower than each, in the one format that was tried": {
			figures(rates{SourceLink: wideLink, TargetLink: wideLink, SourceRead: {Text: {100}, Binary: {60}}, TargetWrite: {Text: {90}, Binary: {60}}, Through: {Binary: {30}}}),
			ByTarget, Binary, 1, 60,
			[]string{"Binary moves 1.3 times"},
			"--jobs 1 --format auto",
		},
		"text beats binary": {
			figures(rates{SourceLink: wideLink, TargetLink: wideLink, SourceRead: {Text: {100}, Binary: {40}}, TargetWrite: {Text: {90}, Binary: {40}}}),
			ByTarget, Text, 1, 90,
			[]string{"Text moves 1.1 times the rows of binary"},
			"--jobs 1 --format text",
		},
		"the link to the target": {
			figures(rates{SourceLink: wideLink, TargetLink: {Binary: {10, 20, 40}}, SourceRead: {Text: {100, 200, 400}}, TargetWrite: {Text: {10, 20, 39}}}),
			ByTargetLink, Text, 4, 39,
			[]string{"bound by the link to the target, which carries 40 MB/s", "Compressed with zstd level 1 (4.0 to 1), up to 160 MB/s"},
			"--jobs 4 --format auto",
		},
		"what was seen counts more than what was derived": {
			figures(rates{SourceLink: wideLink, TargetLink: wideLink, SourceRead: {Text: {100}}, TargetWrite: {Text: {120}}, Through: {Text: {50}}}),
			ByTarget, Text, 1, 50,
			[]string{"both together moved 50 MB/s of table public.big"},
			"--jobs 1 --format auto",
		},
	} {
		r := test.result
		r.Compressions = []Compression{{"lz4", Text, 400e6, 2}, {"zstd level 1", Text, 100e6, 4}, {"zstd level 3", Text, 1e6, 5}}
		for i := range r.Measurements {
			if r.Measurements[i].Kind == Through {
				r.Measurements[i].SourceBusy, r.Measurements[i].TargetBusy = 0.2, 0.7
			}
		}
		v := Judge(r)
		if v.Bound != test.bound || v.Format != test.format || v.Jobs != test.jobs || v.TextBytesPerSecond != test.mb*1e6 || v.Flags != test.flags {
			t.Errorf("%s: %+v", name, v)
		}
		if want := time.Duration(float64(r.AllBytes) / (test.mb * 1e6) * 1e9); v.DataPhase-want > time.Millisecond || want-v.DataPhase > time.Millisecond {
			t.Errorf("%s: %s, want %s", name, v.DataPhase, want)
		}
		all := strings.Join(v.Lines, "\n")
		for _, want := range test.says {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in\n%s", name, want, all)
			}
		}
	}
}

func TestJudgeOfLittle(t *testing.T) {
	t.Parallel()
	if v := Judge(&Result{}); v.Jobs != 0 || len(v.Lines) != 1 {
		t.Errorf("%+v", v)
	}
	alone := figures(map[Kind]map[Format][]float64{SourceLink: {Binary: {100, 100, 110}}, SourceRead: {Text: {99, 98, 97}, Binary: {50, 50, 50}}})
	alone.Target = nil
	v := Judge(alone)
	if all := strings.Join(v.Lines, "\n"); v.Bound != BySourceLink && v.Bound != BySource || !strings.Contains(all, "Name a target") || !strings.Contains(all, "at least") || v.Jobs != 1 {
		t.Errorf("%+v", v)
	}
	// cut off before the target was written to
	v = Judge(figures(map[Kind]map[Format][]float64{SourceRead: {Text: {99, 98, 97}}}))
	if v.Bound != "" || !strings.Contains(v.Lines[0], "was not measured") {
		t.Errorf("%+v", v)
	}
	// one server for both: its cores do one thing or the other
	same := figures(map[Kind]map[Format][]float64{SourceRead: {Text: {100}}, TargetWrite: {Text: {100}}})
	same.SameServer = true
	if v := Judge(same); v.TextBytesPerSecond != 50e6 {
		t.Errorf("%+v", v)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	r := figures(map[Kind]map[Format][]float64{SourceLink: {Binary: {10, 0, 40}}, SourceRead: {Text: {10, 20, 39}}})
	r.Source.RoundTrip.Median = 21 * time.Millisecond
	if got := distanceWords(r); got != "One connection to the source carries 10 MB/s, all together 40 MB/s: the distance (round trip 21.0 ms) limits each of them." {
		t.Error(got)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]string{0: "0.000 MB/s", 54321: "0.054 MB/s", 1.26e6: "1.3 MB/s", 99.6e6: "100 MB/s", 1234e6: "1,234 MB/s"} {
		if got := rateWords(rate); got != want {
			t.Errorf("%v: %s", rate, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "a second", 900 * time.Millisecond: "a second", 59 * time.Second: "59 s", 134 * time.Second: "2 min 14 s", 30 * time.Hour: "30 h 00 min"} {
		if got := timeInWords(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}
