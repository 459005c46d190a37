package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func parse(t testing.TB, expr, zone string) *Schedule {
	t.Helper()
	s, err := Parse(expr, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNext(t *testing.T) {
	t.Parallel()
	const berlin, newYork, howe = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
	for _, test := range []struct{ name, expr, zone, from, ticks string }{
		{"daily", "30 2 * * *", "", "2026-06-01T02:30:00Z", "02T02:30 03T02:30"},
		{"in a zone", "30 2 * * *", berlin, "2026-06-01T02:30:00Z", "02T00:30 03T00:30"},
		{"seconds are cut", "* * * * *", "", "2026-06-01T02:30:59Z", "01T02:31 01T02:32"},
		{"names", "0 0 * jan-dec Fri-Sun", "", "2026-06-01T00:00:00Z", "05T00:00 06T00:00 07T00:00 12T00:00"},
		{"one of two days is enough", "0 0 13 * 5", "", "2026-06-01T00:00:00Z", "05T00:00 12T00:00 13T00:00 19T00:00"},
		{"leap days", "0 0 29 2 *", "", "2096-02-29T00:00:00Z", "29T00:00"},
		{"the last day", "0 0 31 * *", "", "2026-01-31T00:00:00Z", "31T00:00 31T00:00"},
		// Passed over: once, at the change.
		{"forward", "30 2 * * *", berlin, "2026-03-28T12:00:00Z", "29T01:00 30T00:30"},
		{"forward, several", "*/20 2 * * *", berlin, "2026-03-28T12:00:00Z", "29T01:00 30T00:00 30T00:20"},
		{"forward, two hours", "0 2-3 * * *", berlin, "2026-03-28T12:00:00Z", "29T01:00 30T00:00 30T01:00"},
		{"forward, New York", "30 2 * * *", newYork, "2026-03-08T00:00:00Z", "08T07:00 09T06:30"},
		{"forward, Lord Howe", "15 2 * * *", howe, "2026-10-03T00:00:00Z", "03T15:30 04T15:15"},
		{"forward, each hour", "30 * * * *", berlin, "2026-03-29T00:00:00Z", "29T00:30 29T01:30"},
		{"forward, each hour, on the hour", "0 * * * *", berlin, "2026-03-29T00:00:00Z", "29T01:00 29T02:00"},
		// Twice: the first time.
		{"back", "30 2 * * *", berlin, "2026-10-24T12:00:00Z", "25T00:30 26T01:30"},
		{"back, from within the second", "*/20 2 * * *", berlin, "2026-10-25T01:10:00Z", "26T01:00 26T01:20"},
		{"back, New York", "30 1 * * *", newYork, "2026-11-01T00:00:00Z", "01T05:30 02T06:30"},
		{"back, Lord Howe", "45 1 * * *", howe, "2026-04-04T00:00:00Z", "04T14:45 05T15:15"},
		{"back, each hour", "30 * * * *", berlin, "2026-10-25T00:00:00Z", "25T00:30 25T01:30 25T02:30"},
		{"back, each hour, Lord Howe", "0,45 * * * *", howe, "2026-04-04T14:00:00Z", "04T14:45 04T15:15 04T15:30 04T16:15"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, test.expr, test.zone)
			at, err := time.Parse(time.RFC3339, test.from)
			if err != nil {
				t.Fatal(err)
			}
			var ticks []string
			for range strings.Fields(test.ticks) {
				at = s.Next(at)
				ticks = append(ticks, at.UTC().Format("02T15:04"))
			}
			if got := strings.Join(ticks, " "); got != test.ticks {
				t.Errorf("%s: %s, want %s", test.expr, got, test.ticks)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		"":                       "must have five fields: minute, hour,",
		"@daily":                 "must have five fields",
		"0 0 * * * *":            "must have five fields",
		"60 0 * * *":             `"60" is no minute: write 0 to 59, or * for all`,
		"30,99 0 * * *":          `"30,99" is no minute`,
		"*,99 0 * * *":           `"*,99" is no minute`,
		"0 24 * * *":             `"24" is no hour`,
		"0 0 0 * *":              `"0" is no day of the month: write 1 to 31`,
		"0 0 L * *":              `"L" is no day of the month`,
		"0 0 * 13 *":             `"13" is no month: write 1 to 12 or JAN to DEC`,
		"0 0 * MON *":            `"MON" is no month`,
		"0 0 * * 8":              `"8" is no day of the week: write 0 to 7 or SUN to SAT`,
		"0 0 * * MAR":            `"MAR" is no day of the week`,
		"0 0 * * SAT-MON":        "is no day of the week",
		"0 5-1 * * *":            "is no hour",
		"0 1-2-3 * * *":          "is no hour",
		"*/0 * * * *":            "is no minute",
		"5/10 * * * *":           "is no minute",
		"*/5/5 * * * *":          "is no minute",
		"1, * * * *":             "is no minute",
		"-1 * * * *":             "is no minute",
		"+1 * * * *":             "is no minute",
		"99999999999999 * * * *": "is no minute",
		"0 0 30 2 *":             `"0 0 30 2 *" never ticks: its months have no such day`,
		"0 0 31 4,6,9,11 *":      "never ticks",
	} {
		if s, err := Parse(expr, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %s", expr, s, err, want)
		}
	}
	if _, err := Parse("0 0 * * *", "Mars/Olympus"); err == nil || !strings.Contains(err.Error(), "is no time zone") {
		t.Errorf("a zone of another planet: %v", err)
	}
}

// matches tells by crontab(5) whether a reading of a clock has an expression; it is this test's own.
func matches(expr string, wall time.Time) bool {
	parts := strings.Fields(expr)
	has := func(i, low, high int, values ...int) bool {
		for item := range strings.SplitSeq(parts[i], ",") {
			span, step, stepped := strings.Cut(item, "/")
			from, to, n := low, high, 1
			if first, last, ranged := strings.Cut(span, "-"); span != "*" {
				from, _ = strconv.Atoi(first)
				if to = from; ranged {
					to, _ = strconv.Atoi(last)
				}
			}
			if stepped {
				n, _ = strconv.Atoi(step)
			}
			for v := from; v <= to; v += n {
				if slices.Contains(values, v) {
					return true
				}
			}
		}
		return false
	}
	day := has(2, 1, 31, wall.Day())
	weekday := has(4, 0, 6, int(wall.Weekday()), map[bool]int{true: 7, false: -1}[wall.Weekday() == 0])
	days := day && weekday
	if parts[2][0] != '*' && parts[4][0] != '*' {
		days = day || weekday
	}
	return days && has(0, 0, 59, wall.Minute()) && has(1, 0, 23, wall.Hour()) && has(3, 1, 12, int(wall.Month()))
}

// walk finds the ticks in (after, until] by looking at the clock each minute. A reading counts when it is seen for the first time, or passed over.
func walk(expr string, loc *time.Location, after, until time.Time) (ticks []time.Time) {
	hourly := strings.Fields(expr)[1] == "*"
	reading := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	}
	start := after.Add(-25 * time.Hour)
	seen := reading(start.In(loc)) // the latest reading that there was
	for t := start.Add(time.Minute); !t.After(until); t = t.Add(time.Minute) {
		now, due := reading(t.In(loc)), false
		if hourly {
			due = matches(expr, now)
		} else {
			for ; seen.Before(now); due = due || matches(expr, seen) {
				seen = seen.Add(time.Minute)
			}
		}
		if due && t.After(after) {
			ticks = append(ticks, t)
		}
	}
	return ticks
}

func drawField(t *rapid.T, name string, low, high int) string {
	number := rapid.IntRange(low, high)
	item := rapid.Custom(func(t *rapid.T) string {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			return fmt.Sprintf("%d-%d", min(a, b), max(a, b))
		case 1:
			return fmt.Sprintf("%d-%d/%d", min(a, b), max(a, b), rapid.IntRange(1, 20).Draw(t, "step"))
		default:
			return strconv.Itoa(a)
		}
	})
	switch rapid.IntRange(0, 3).Draw(t, name+" form") {
	case 0:
		return "*"
	case 1:
		return fmt.Sprintf("*/%d", rapid.IntRange(1, 20).Draw(t, "step"))
	default:
		return strings.Join(rapid.SliceOfN(item, 1, 3).Draw(t, name), ",")
	}
}

// All ticks of a day and a half, often one on which clocks are set, are those of the walk.
func TestTicksAreThoseOfTheClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"}).Draw(t, "zone")
		expr := drawField(t, "minute", 0, 59) + " " + drawField(t, "hour", 0, 23) + " " + drawField(t, "day", 1, 31) + " " +
			drawField(t, "month", 1, 12) + " " + drawField(t, "weekday", 0, 7)
		s, err := Parse(expr, zone)
		if err != nil {
			t.Skip(err)
		}
		from := time.Date(rapid.IntRange(2015, 2030).Draw(t, "year"), 1, 1, 0, 0, 0, 0, s.loc)
		if _, end := from.ZoneBounds(); !end.IsZero() {
			from = end
		}
		from = from.Truncate(time.Minute).Add(time.Duration(rapid.IntRange(-30*60, 6*60).Draw(t, "minutes")) * time.Minute)
		until := from.Add(36 * time.Hour)
		want := walk(expr, s.loc, from, until)
		got, more := s.Missed(from, until, 36*60+1)
		if more || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s in %s from %v:\n%v\nwant\n%v", expr, zone, from, got, want)
		}
	})
}

func TestMissedAreTheLastSoMany(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 6, 1, 0, 0, 30, 0, time.UTC)
	for _, test := range []struct {
		expr  string
		after time.Time
		limit int
		want  string
		more  bool
	}{
		{"* * * * *", until.AddDate(-10, 0, 0), 2, "31T23:59 01T00:00", true},
		{"* * * * *", until.Add(-2 * time.Minute), 2, "31T23:59 01T00:00", false},
		{"0 0 1 * *", until.AddDate(-1, 0, 0), 3, "01T00:00 01T00:00 01T00:00", true},
		{"0 0 1 * *", until.AddDate(-1, 0, 0), 0, "", true},
		{"0 0 1 1 *", until.Add(-time.Hour), 3, "", false},
		{"0 0 1 * *", until, 3, "", false},
		{"0 0 1 * *", until.Add(time.Hour), 3, "", false},
		{"0 0 1 * *", until.Add(-30 * time.Second), 3, "", false},
	} {
		ticks, more := parse(t, test.expr, "").Missed(test.after, until, test.limit)
		var got []string
		for _, tick := range ticks {
			got = append(got, tick.Format("02T15:04"))
		}
		if strings.Join(got, " ") != test.want || more != test.more {
			t.Errorf("%s after %v: %q, %v", test.expr, test.after, got, more)
		}
	}
}
