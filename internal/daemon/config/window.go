package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgsluice/internal/daemon/zone"
)

// Window is a set of times of the week in a zone, such as "22:00-05:00 Europe/Berlin" or "Mon-Fri 22:00-05:00; Sat,Sun 00:00-24:00 Europe/Berlin".
// The days are those on which a span begins. The zero value is always.
//
// Spans begin and end with the zone's clocks: at a reading that is passed over as they are set forward, in that moment; at one that comes twice,
// the first time.
type Window struct {
	text  string
	spans []span
	loc   *time.Location
}

// span is one stretch of time on some days of the week. Its end is more than a day when it runs over midnight.
type span struct {
	days       [7]bool
	start, end time.Duration // since the midnight that the day begins with, by the clocks
}

// ParseWindow reads a window; its zone, if it has none, is UTC.
func ParseWindow(text string) (Window, error) {
	parts := strings.Split(text, ";")
	last := strings.Fields(parts[len(parts)-1])
	name := ""
	if len(last) > 1 && !strings.Contains(last[len(last)-1], ":") {
		name = last[len(last)-1]
		parts[len(parts)-1] = strings.Join(last[:len(last)-1], " ")
	}
	loc, err := zone.Load(name)
	if err != nil {
		return Window{}, err
	}
	w := Window{text: strings.Join(strings.Fields(text), " "), loc: loc}
	for _, part := range parts {
		s, err := parseSpan(part)
		if err != nil {
			return Window{}, err
		}
		w.spans = append(w.spans, s)
	}
	return w, nil
}

func parseSpan(text string) (span, error) {
	words := strings.Fields(text)
	s := span{days: [7]bool{true, true, true, true, true, true, true}}
	switch len(words) {
	case 1:
	case 2:
		var err error
		if s.days, err = parseDays(words[0]); err != nil {
			return span{}, err
		}
		words = words[1:]
	default:
		return span{}, fmt.Errorf(`%q is no window: write times such as "22:00-05:00 Europe/Berlin" or "Sat,Sun 00:00-24:00 UTC", several with ; between them`, text)
	}
	from, to, found := strings.Cut(words[0], "-")
	start, ok := parseClock(from)
	end, ok2 := parseClock(to)
	switch {
	case !found || !ok || !ok2 || start == 24*time.Hour:
		return span{}, fmt.Errorf("%q are no times of a day: write such as 22:00-05:00", words[0])
	case start == end:
		return span{}, fmt.Errorf("%q begins when it ends: write 00:00-24:00 for a whole day", words[0])
	case end < start:
		end += 24 * time.Hour
	}
	s.start, s.end = start, end
	return s, nil
}

// parseClock reads 00:00 to 24:00.
func parseClock(text string) (time.Duration, bool) {
	if text == "24:00" {
		return 24 * time.Hour, true
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

var dayNames = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// parseDays reads "Sat,Sun" or "Mon-Fri".
func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from := slices.Index(dayNames, first)
		to := from
		if isRange {
			to = slices.Index(dayNames, last)
		}
		if from < 0 || to < 0 {
			return days, fmt.Errorf("%q are no days of the week: write such as Sat,Sun or Mon-Fri", text)
		}
		for day := from; ; day = (day + 1) % 7 {
			days[day] = true
			if day == to {
				break
			}
		}
	}
	return days, nil
}

// String is the window as it was written, or "".
func (w Window) String() string { return w.text }

// Open reports whether transfers may run at t.
func (w Window) Open(t time.Time) bool {
	if len(w.spans) == 0 {
		return true
	}
	return slices.ContainsFunc(w.stretches(t, 0), func(s stretch) bool { return s.has(t) })
}

// NextChange is the first instant after t at which Open changes; the zero time if there is none.
func (w Window) NextChange(t time.Time) time.Time {
	if len(w.spans) == 0 {
		return time.Time{}
	}
	// A span may be empty on a day when clocks are set, so that its next one is two weeks away.
	const horizon = 16
	for _, s := range w.stretches(t, horizon) {
		switch {
		case s.start.After(t):
			return s.start
		case s.has(t) && s.end.Sub(t) < 15*24*time.Hour:
			return s.end
		case s.has(t): // each day's stretch has run into the next one's: it is always
			return time.Time{}
		}
	}
	return time.Time{}
}

// stretch is a time in which the window is open: from start to before end.
type stretch struct{ start, end time.Time }

func (s stretch) has(t time.Time) bool { return !t.Before(s.start) && t.Before(s.end) }

// stretches are those that t may be in and those that begin up to so many days later, in their order; what overlaps or meets is one.
func (w Window) stretches(t time.Time, days int) []stretch {
	wall := zone.Wall(t, w.loc)
	today := wall.Truncate(24 * time.Hour)
	var all []stretch
	// One that began the day before may go on; two, since a zone can pass over a day.
	for day := -2; day <= days; day++ {
		midnight := today.AddDate(0, 0, day)
		for _, s := range w.spans {
			if !s.days[midnight.Weekday()] {
				continue
			}
			one := stretch{zone.First(midnight.Add(s.start), w.loc), zone.First(midnight.Add(s.end), w.loc)}
			if one.start.Before(one.end) {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return a.start.Compare(b.start) })
	return join(all)
}

// join makes one of what overlaps or meets, in place.
func join(all []stretch) []stretch {
	joined := all[:0]
	for _, s := range all {
		if last := len(joined) - 1; last >= 0 && !s.start.After(joined[last].end) {
			if s.end.After(joined[last].end) {
				joined[last].end = s.end
			}
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
