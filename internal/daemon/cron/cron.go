package cron

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adhocore/gronx"

	"pgsluice/internal/daemon/zone"
)

// Schedule is an expression in a zone. It may be used from several goroutines.
type Schedule struct {
	expr string
	loc  *time.Location
	// hourly says that every hour is meant, however the clocks go.
	hourly bool
}

// Parse reads an expression; zoneName is an IANA name, "" is UTC. The error is a sentence for whoever wrote them.
func Parse(expr, zoneName string) (*Schedule, error) {
	loc, err := zone.Load(zoneName)
	if err != nil {
		return nil, err
	}
	parts := strings.Fields(expr)
	if len(parts) != len(fields) {
		return nil, fmt.Errorf("%q must have five fields: minute, hour, day of the month, month, day of the week, such as 30 2 * * 1-5", expr)
	}
	for i, part := range parts {
		if parts[i], err = fields[i].canonical(part); err != nil {
			return nil, err
		}
	}
	s := &Schedule{expr: strings.Join(parts, " "), loc: loc, hourly: parts[1] == "*"}
	if _, err := s.nextWall(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		return nil, fmt.Errorf("%q never ticks: its months have no such day", expr)
	}
	return s, nil
}

// Next is the first tick after an instant, in the schedule's zone; the zero time if there is none.
func (s *Schedule) Next(after time.Time) time.Time {
	if s.hourly {
		return s.nextHourly(after)
	}
	wall := zone.Wall(after, s.loc)
	for {
		var err error
		if wall, err = s.nextWall(wall); err != nil {
			return time.Time{}
		}
		// In the second of two equal hours the first one's readings are past.
		if t := zone.First(wall, s.loc); t.After(after) {
			return t
		}
	}
}

// nextHourly follows the clock as it goes, from one setting of it to the next.
func (s *Schedule) nextHourly(after time.Time) time.Time {
	for {
		wall, err := s.nextWall(zone.Wall(after, s.loc))
		if err != nil {
			return time.Time{}
		}
		_, offset := after.In(s.loc).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(s.loc)
		_, end := after.In(s.loc).ZoneBounds()
		if end.IsZero() || t.Before(end) {
			return t
		}
		after = end
		if due := zone.Wall(end, s.loc); s.due(due) {
			return end
		}
	}
}

// nextWall is the first reading of a clock after another one that the expression has.
func (s *Schedule) nextWall(after time.Time) (time.Time, error) {
	return gronx.NextTickAfter(s.expr, after, false)
}

func (s *Schedule) due(wall time.Time) bool {
	due, err := gronx.New().IsDue(s.expr, wall)
	return due && err == nil
}

// Missed are the ticks after one instant up to another one, which counts, too, in their order: the last limit of them. more says that there were
// others before.
func (s *Schedule) Missed(after, until time.Time, limit int) (ticks []time.Time, more bool) {
	// From the end backwards, further each time: after a year, a schedule of every minute has missed half a million.
	for span := time.Hour; ; span *= 4 {
		from := until.Add(-span)
		whole := !from.After(after)
		if whole {
			from = after
		}
		ticks = ticks[:0]
		for t := s.Next(from); !t.IsZero() && !t.After(until); t = s.Next(t) {
			ticks = append(ticks, t)
		}
		if len(ticks) > limit {
			return slices.Clone(ticks[len(ticks)-limit:]), true
		}
		if whole {
			return ticks, false
		}
	}
}
