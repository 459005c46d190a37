package report

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFormatBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1: "1 B", 999: "999 B", 1000: "1.00 kB", 1005: "1.00 kB", 9994: "9.99 kB", 9995: "10.0 kB",
		99_949: "99.9 kB", 99_950: "100 kB", 999_499: "999 kB", 999_500: "1.00 MB", 1_048_576: "1.05 MB",
		812_000_000: "812 MB", 1_500_000_000: "1.50 GB", 1_000_000_000_000: "1.00 TB",
		1<<63 - 1: "9.22 EB",
	} {
		if got := formatBytes(n); got != want {
			t.Errorf("formatBytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	const s, m, h = time.Second, time.Minute, time.Hour
	for d, want := range map[time.Duration]string{
		-s: "0 s", 0: "0 s", 1: "< 1 ms", ms: "1 ms", 999 * ms: "999 ms", 999600 * time.Microsecond: "1.0 s",
		s: "1.0 s", 42300 * ms: "42.3 s", 59940 * ms: "59.9 s", 59950 * ms: "1 min 00 s",
		m: "1 min 00 s", 102 * s: "1 min 42 s", h - s/2: "1 h 00 min", h - s: "59 min 59 s", h: "1 h 00 min",
		2*h + 3*m + 29*s: "2 h 03 min", 2*h + 59*m + 30*s: "3 h 00 min", 2000 * h: "2,000 h 00 min",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 s", 59999 * ms: "59 s", m: "1 min 00 s", h + 90*s: "1 h 02 min",
	} {
		if got := formatSeconds(d); got != want {
			t.Errorf("formatSeconds(%v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0:00", 725 * s: "12:05", h + 2*m + 3*s: "1:02:03"} {
		if got := formatClock(d); got != want {
			t.Errorf("formatClock(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 entries", 1: "1 entry", 2: "2 entries", 12345: "12,345 entries"} {
		if got := plural(n, "entry", "entries"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct {
		s     string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"abcdefgh", 5, "ab…gh"},
		{"abcdefgh", 4, "ab…h"},
		{"abcdefgh", 1, "…"},
		{"abcdefgh", 0, ""},
		{"得意先マスタ", 12, "得意先マスタ"},
		{"得意先マスタ", 11, "得意…スタ"},
		{"得意先マスタ", 8, "得意…タ"},
		{"xxxxxxe\u0301yy", 5, "xx…yy"},
		{"xxxxxxye\u0301", 3, "x…e\u0301"},
		{"xxxxxxyye\u0301z", 4, "xx…z"},
	} {
		if got := clip(test.s, test.limit); got != test.want {
			t.Errorf("clip(%q, %d) = %q, want %q", test.s, test.limit, got, test.want)
		}
	}
}

func TestClipAndWrapFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := printable(rapid.String().Draw(t, "s"))
		limit := rapid.IntRange(2, 40).Draw(t, "limit")
		if got := clip(s, limit); displayWidth(got) > limit {
			t.Errorf("clip: %d columns", displayWidth(got))
		}
		lines := wrap(s, limit)
		for _, line := range lines {
			if displayWidth(line) > limit {
				t.Errorf("wrap: %d columns in %q", displayWidth(line), line)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeeze(strings.Join(lines, " ")); got != squeeze(s) {
			t.Errorf("wrap lost text: %q of %q", got, s)
		}
	})
}
