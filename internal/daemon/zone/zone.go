// Package zone is arithmetic between wall clocks and instants, right on the days on which a zone's clocks are set. Schedules and windows stand
// on it. A wall clock's reading is a time.Time in UTC here, so that calendar arithmetic on it knows of no zone.
//
// The zones' rules are those of the machine, or, where it has none, compiled in.
package zone

import (
	"fmt"
	"time"
	_ "time/tzdata" // a small container has no zones of its own
)

// Load finds a zone by its IANA name; "" is UTC. "Local" is refused: what it means changes with the machine.
func Load(name string) (*time.Location, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone: write an IANA name such as Europe/Berlin, or UTC", name)
	}
	return loc, nil
}

// Wall is what the clocks of a zone show at an instant.
func Wall(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// First is the first instant at which the clocks of a zone show wall. A reading that is passed over, as those clocks are set forward, is had at
// that very moment; one that comes twice is had the first time. So a later reading is never had earlier than another one.
func First(wall time.Time, loc *time.Location) time.Time {
	wall = wall.UTC()
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	start, end := t.ZoneBounds()
	switch shown := Wall(t, loc); {
	case shown.After(wall): // it is behind the gap: time.Date reckoned with the time before it
		return start
	case shown.Before(wall):
		return end
	}
	if start.IsZero() {
		return t
	}
	// Before clocks were set back, they may have shown it already.
	before := start.Add(-1)
	_, offset := before.Zone()
	if earlier := wall.Add(-time.Duration(offset) * time.Second); earlier.Before(start) {
		return earlier.In(loc)
	}
	return t
}
