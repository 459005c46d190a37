package zone

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func load(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestFirst(t *testing.T) {
	t.Parallel()
	const berlin, newYork, howe = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
	for _, test := range []struct{ zone, wall, instant string }{
		{"", "2026-03-29 02:30", "2026-03-29T02:30:00Z"},
		{berlin, "2026-03-29 01:59", "2026-03-29T00:59:00Z"},
		{berlin, "2026-03-29 02:00", "2026-03-29T01:00:00Z"}, // passed over
		{berlin, "2026-03-29 02:30", "2026-03-29T01:00:00Z"},
		{berlin, "2026-03-29 03:00", "2026-03-29T01:00:00Z"},
		{berlin, "2026-03-29 03:01", "2026-03-29T01:01:00Z"},
		{berlin, "2026-10-25 01:59", "2026-10-24T23:59:00Z"},
		{berlin, "2026-10-25 02:00", "2026-10-25T00:00:00Z"}, // comes twice
		{berlin, "2026-10-25 02:59", "2026-10-25T00:59:00Z"},
		{berlin, "2026-10-25 03:00", "2026-10-25T02:00:00Z"},
		{newYork, "2026-03-08 02:30", "2026-03-08T07:00:00Z"},
		{newYork, "2026-11-01 01:30", "2026-11-01T05:30:00Z"},
		{newYork, "2026-11-01 02:00", "2026-11-01T07:00:00Z"},
		{howe, "2026-10-04 02:15", "2026-10-03T15:30:00Z"}, // half an hour is set
		{howe, "2026-10-04 02:30", "2026-10-03T15:30:00Z"},
		{howe, "2026-04-05 01:45", "2026-04-04T14:45:00Z"},
		{howe, "2026-04-05 02:00", "2026-04-04T15:30:00Z"},
		{"Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00:00Z"}, // a day is passed over
		{"America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04T03:00:00Z"},
	} {
		wall, err := time.Parse("2006-01-02 15:04", test.wall)
		if err != nil {
			t.Fatal(err)
		}
		if got := First(wall, load(t, test.zone)).UTC().Format(time.RFC3339); got != test.instant {
			t.Errorf("%s of %q is had at %s, want %s", test.wall, test.zone, got, test.instant)
		}
	}
}

// First is checked against a walk over the minutes of two days.
func TestFirstIsTheFirst(t *testing.T) {
	t.Parallel()
	zones := []string{"", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"}
	rapid.Check(t, func(t *rapid.T) {
		loc, err := Load(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		near := time.Date(rapid.IntRange(2015, 2035).Draw(t, "year"), 1, 1, 0, 0, 0, 0, loc)
		if _, end := near.ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change") {
			near = end
		}
		wall := Wall(near, loc).Add(time.Duration(rapid.IntRange(-300, 300).Draw(t, "minutes")) * time.Minute)
		want := near.Add(-24 * time.Hour)
		for Wall(want, loc).Before(wall) {
			want = want.Add(time.Minute)
		}
		if got := First(wall, loc); !got.Equal(want) {
			t.Fatalf("%v of %v is had at %v, want %v", wall, loc, got, want)
		}
	})
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Local", "Mars/Olympus", "../etc/passwd", "CEST Berlin"} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), "is no time zone: write an IANA name") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
