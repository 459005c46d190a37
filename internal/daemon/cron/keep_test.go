package cron

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pgsluice/internal/daemon/work"
)

func self(t time.Time) time.Time { return t }

func TestKeep(t *testing.T) {
	t.Parallel()
	berlin := parse(t, "0 0 * * *", "Europe/Berlin").loc
	// Monday, 2026-06-15; a dump each day at 01:30 in Berlin, the day before in UTC.
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, berlin)
	var dumps []time.Time
	for day := range 100 {
		dumps = append(dumps, time.Date(2026, 6, 15-day, 1, 30, 0, 0, berlin))
	}
	for name, test := range map[string]struct {
		rule work.Retention
		want string
	}{
		"last":         {work.Retention{Last: 3}, "15.06 14.06 13.06"},
		"days":         {work.Retention{Days: 2}, "15.06 14.06"},
		"weekly":       {work.Retention{Weekly: 3}, "15.06 14.06 07.06"},
		"monthly":      {work.Retention{Monthly: 3}, "15.06 31.05 30.04"},
		"all together": {work.Retention{Last: 2, Days: 3, Weekly: 3, Monthly: 2}, "15.06 14.06 13.06 07.06 31.05"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keep, remove := Keep(dumps, self, test.rule, now, berlin)
			var got []string
			for _, at := range keep {
				got = append(got, at.Format("02.01"))
			}
			if strings.Join(got, " ") != test.want || len(keep)+len(remove) != len(dumps) {
				t.Errorf("kept %q, removed %d; want %s", got, len(remove), test.want)
			}
		})
	}
	if keep, remove := Keep(dumps, self, work.Retention{}, now, berlin); len(keep) != 100 || remove != nil {
		t.Errorf("without a rule %d are removed", len(remove))
	}
	old := []time.Time{now.AddDate(-9, 0, 0), now.AddDate(-10, 0, 0)}
	if keep, _ := Keep(old, self, work.Retention{Days: 1}, now, berlin); !slices.Equal(keep, old[:1]) {
		t.Errorf("of old ones %v are kept", keep)
	}
}

// For any dumps and rule: nothing is lost or doubled, what any of its parts keeps alone is kept, and nothing else but the newest.
func TestKeepKeepsWhatAnyRuleKeeps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var dumps []time.Time
		for _, hours := range rapid.SliceOfN(rapid.IntRange(-48, 24*400), 0, 60).Draw(t, "ages in hours") {
			dumps = append(dumps, now.Add(-time.Duration(hours)*time.Hour))
		}
		count := rapid.IntRange(0, 12)
		rule := work.Retention{Last: count.Draw(t, "last"), Days: count.Draw(t, "days"), Weekly: count.Draw(t, "weekly"), Monthly: count.Draw(t, "monthly")}
		given := slices.Clone(dumps)
		keep, remove := Keep(dumps, self, rule, now, time.UTC)
		if !slices.Equal(dumps, given) {
			t.Fatal("the list of the caller was changed")
		}
		all := slices.Concat(keep, remove)
		slices.SortFunc(all, time.Time.Compare)
		slices.SortFunc(given, time.Time.Compare)
		if !slices.Equal(all, given) {
			t.Fatalf("%d became %d and %d", len(given), len(keep), len(remove))
		}
		if len(given) == 0 || rule == (work.Retention{}) {
			return
		}
		// newestOf keeps the newest of each of the last n periods that have one.
		newestOf := func(n int, period func(time.Time) string) map[time.Time]bool {
			best := map[string]time.Time{}
			for _, at := range given { // the oldest first
				best[period(at)] = at
			}
			times := []time.Time{}
			for _, at := range best {
				times = append(times, at)
			}
			slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
			kept := map[time.Time]bool{}
			for _, at := range times[:min(n, len(times))] {
				kept[at] = true
			}
			return kept
		}
		weekly := newestOf(rule.Weekly, func(at time.Time) string {
			return at.AddDate(0, 0, -(int(at.Weekday())+6)%7).Format(time.DateOnly) // its Monday
		})
		monthly := newestOf(rule.Monthly, func(at time.Time) string { return at.Format("2006-01") })
		wanted := func(at time.Time) bool {
			newer := 0
			for _, other := range given {
				if other.After(at) {
					newer++
				}
			}
			return newer < max(rule.Last, 1) || rule.Days > 0 && now.Sub(at) < time.Duration(rule.Days)*24*time.Hour || weekly[at] || monthly[at]
		}
		for _, at := range remove {
			// Of several made at one moment, one is enough for a rule.
			if wanted(at) && !slices.Contains(keep, at) {
				t.Fatalf("%+v: %v is removed", rule, at)
			}
		}
		for _, at := range keep {
			if !wanted(at) {
				t.Fatalf("%+v: %v is kept", rule, at)
			}
		}
	})
}
