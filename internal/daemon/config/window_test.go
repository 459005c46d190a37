package config

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pgsluice/internal/daemon/zone"
)

func window(t testing.TB, text string) Window {
	t.Helper()
	w, err := ParseWindow(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Each row has a window's changes from an instant on; it is closed before the first.
func TestWindowChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, window, from, changes string }{
		{"by day", "09:00-17:30 UTC", "2026-06-01T00:00:00Z", "01T09:00 01T17:30 02T09:00"},
		{"UTC is meant", "09:00-17:30", "2026-06-01T00:00:00Z", "01T09:00 01T17:30 02T09:00"},
		{"over midnight", "22:00-05:00 Europe/Berlin", "2026-06-01T12:00:00Z", "01T20:00 02T03:00 02T20:00"},
		{"to midnight", "22:00-24:00 UTC", "2026-06-01T12:00:00Z", "01T22:00 02T00:00 02T22:00"},
		{"on a weekend", "Sat,Sun 00:00-24:00 UTC", "2026-06-01T12:00:00Z", "06T00:00 08T00:00 13T00:00"},
		{"several", "Mon-Fri 22:00-05:00; Sat,Sun 00:00-24:00 UTC", "2026-06-04T12:00:00Z", "04T22:00 05T05:00 05T22:00 08T00:00 08T22:00"},
		{"that meet", "01:00-02:00; 02:00-03:00 UTC", "2026-06-01T00:00:00Z", "01T01:00 01T03:00 02T01:00"},
		{"over the week's end", "Sat-Mon 23:00-01:00 UTC", "2026-06-03T00:00:00Z", "06T23:00 07T01:00 07T23:00 08T01:00 08T23:00 09T01:00 13T23:00"},
		// Berlin's clocks go from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC.
		{"a short night", "22:00-05:00 Europe/Berlin", "2026-03-28T12:00:00Z", "28T21:00 29T03:00 29T20:00"},
		{"begins in the gap", "02:30-05:00 Europe/Berlin", "2026-03-28T12:00:00Z", "29T01:00 29T03:00 30T00:30"},
		{"ends in the gap", "01:00-02:30 Europe/Berlin", "2026-03-28T12:00:00Z", "29T00:00 29T01:00 29T23:00"},
		{"lies in the gap", "02:10-02:50 Europe/Berlin", "2026-03-28T12:00:00Z", "30T00:10 30T00:50 31T00:10"},
		{"a week without", "Sun 02:10-02:50 Europe/Berlin", "2026-03-23T12:00:00Z", "05T00:10 05T00:50 12T00:10"},
		// They go back from 03:00 to 02:00 on 2026-10-25, at 01:00 UTC.
		{"a long night", "22:00-05:00 Europe/Berlin", "2026-10-24T12:00:00Z", "24T20:00 25T04:00 25T21:00"},
		{"begins in the first hour", "02:30-05:00 Europe/Berlin", "2026-10-24T12:00:00Z", "25T00:30 25T04:00 26T01:30"},
		{"ends in the first hour", "01:00-02:30 Europe/Berlin", "2026-10-24T12:00:00Z", "24T23:00 25T00:30 26T00:00"},
		{"New York, forward", "01:00-04:00 America/New_York", "2026-03-08T00:00:00Z", "08T06:00 08T08:00 09T05:00"},
		{"New York, back", "00:30-01:30 America/New_York", "2026-11-01T00:00:00Z", "01T04:30 01T05:30 02T05:30"},
		// Lord Howe's clocks are set by half an hour: forward on 2026-10-04 at 02:00, back on 2026-04-05 at 02:00.
		{"Lord Howe, forward", "01:45-02:15 Australia/Lord_Howe", "2026-10-03T00:00:00Z", "03T15:15 03T15:30 04T14:45"},
		{"Lord Howe, back", "01:45-02:15 Australia/Lord_Howe", "2026-04-04T00:00:00Z", "04T14:45 04T15:45 05T15:15"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := window(t, test.window)
			at, err := time.Parse(time.RFC3339, test.from)
			if err != nil {
				t.Fatal(err)
			}
			if w.Open(at) {
				t.Error("it is open to begin with")
			}
			var changes []string
			for range strings.Fields(test.changes) {
				next := w.NextChange(at)
				if w.Open(next) == w.Open(next.Add(-1)) || !next.After(at) {
					t.Fatalf("nothing changes at %v", next)
				}
				at = next
				changes = append(changes, at.UTC().Format("02T15:04"))
			}
			if got := strings.Join(changes, " "); got != test.changes {
				t.Errorf("%s: %s, want %s", test.window, got, test.changes)
			}
		})
	}
}

func TestWindowThatIsAlwaysOpen(t *testing.T) {
	t.Parallel()
	week := time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC)
	for _, w := range []Window{{}, window(t, "00:00-24:00 Europe/Berlin"), window(t, "Mon-Fri 00:00-24:00; Fri-Sun 12:00-24:00; Sat,Sun 00:00-12:00"), window(t, "06:00-18:00; 18:00-06:00 America/New_York")} {
		for hour := range 24 * 14 {
			at := week.Add(time.Duration(hour) * time.Hour)
			if !w.Open(at) || !w.NextChange(at).IsZero() {
				t.Fatalf("%q at %v: open %v, changes %v", w, at, w.Open(at), w.NextChange(at))
			}
		}
	}
	// Closed in an hour that is passed over on one day: it is open for two weeks then, but not always.
	w := window(t, "Mon-Sat 00:00-24:00; Sun 00:00-02:00; Sun 03:00-24:00 Europe/Berlin")
	if next := w.NextChange(week); !next.Equal(time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it changes at %v", next)
	}
}

// NextChange is the first change that Open shows, minute by minute, also near the days when clocks are set.
func TestNextChangeIsThatOfOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}).Draw(t, "zone")
		clock := rapid.Custom(func(t *rapid.T) string {
			return time.Time{}.Add(time.Duration(rapid.IntRange(0, 24*60-1).Draw(t, "minute")) * time.Minute).Format("15:04")
		})
		var spans []string
		for range rapid.IntRange(1, 3).Draw(t, "spans") {
			days := rapid.SampledFrom([]string{"", "Sat,Sun ", "Mon-Fri ", "Fri-Mon "}).Draw(t, "days")
			spans = append(spans, days+clock.Draw(t, "start")+"-"+clock.Draw(t, "end"))
		}
		w, err := ParseWindow(strings.Join(spans, "; ") + " " + name)
		if err != nil {
			t.Skip(err)
		}
		loc, err := zone.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, loc)
		if _, end := at.ZoneBounds(); !end.IsZero() {
			at = end
		}
		at = at.Add(time.Duration(rapid.IntRange(-48*60, 24*60).Draw(t, "from")) * time.Minute)
		next := w.NextChange(at)
		if next.IsZero() {
			next = at.Add(4 * 24 * time.Hour)
		} else if w.Open(next) == w.Open(at) {
			t.Fatalf("%q does not change at %v", w, next)
		}
		for minute := at; minute.Before(next); minute = minute.Add(time.Minute) {
			if w.Open(minute) != w.Open(at) {
				t.Fatalf("%q changes at %v, before %v", w, minute, next)
			}
		}
	})
}

func TestParseWindowRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             `"" is no window: write times such as "22:00-05:00 Europe/Berlin"`,
		"at night":                     `"night" is no time zone`,
		"22:00":                        `"22:00" are no times of a day`,
		"22:00-5:00 UTC":               `"22:00-5:00" are no times of a day: write such as 22:00-05:00`,
		"22:00-25:00 UTC":              "are no times of a day",
		"24:00-05:00 UTC":              "are no times of a day",
		"22-05 UTC":                    "are no times of a day",
		"05:00-05:00 UTC":              "begins when it ends: write 00:00-24:00 for a whole day",
		"22:00-05:00 CET Berlin":       "is no",
		"22:00-05:00 Berlin":           `"Berlin" is no time zone: write an IANA name such as Europe/Berlin`,
		"Sa 22:00-05:00 UTC":           `"Sa" are no days of the week: write such as Sat,Sun or Mon-Fri`,
		"Mon- 22:00-05:00 UTC":         "are no days of the week",
		"Mon, Tue 22:00-05:00 UTC":     "is no window",
		"22:00-05:00;":                 "is no window",
		"22:00-05:00 UTC; 01:00-02:00": "are no days",
	} {
		if w, err := ParseWindow(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %s", text, w, err, want)
		}
	}
}
