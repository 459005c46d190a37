package faults

import (
	"fmt"
	"math/rand/v2"
	"regexp"
)

// unit is what a point counts.
type unit int

const (
	statements unit = iota
	rows            // bytes of COPY data
)

// point says when a fault fires: at a statement, before it reaches the server, or within the rows.
type point struct {
	side  side
	phase phase
	unit  unit
	match *regexp.Regexp // of the statements that count; nil counts all
	at    int            // which of them, from 1; or after how many bytes
}

func (p point) String() string {
	switch {
	case p.unit == rows:
		return fmt.Sprintf("%s, %s, after %d bytes of rows", p.side, p.phase, p.at)
	case p.match != nil:
		return fmt.Sprintf("%s, %s, statement %d of those that match %s", p.side, p.phase, p.at, p.match)
	}
	return fmt.Sprintf("%s, %s, statement %d", p.side, p.phase, p.at)
}

// weight is by how much m brings p nearer; 0 if it is none of what p counts.
func (p point) weight(m moment) int {
	switch {
	case m.side != p.side || (p.unit == rows) != (m.bytes > 0):
		return 0
	case m.phase != p.phase && !(p.postData() && (m.phase == indexes || m.phase == constraints)):
		return 0
	case p.unit == rows:
		return m.bytes
	case p.match != nil && !p.match.MatchString(m.sql):
		return 0
	}
	return 1
}

// postData reports whether p counts certain statements of post-data: a batch may hold some of either phase.
func (p point) postData() bool {
	return p.match != nil && (p.phase == indexes || p.phase == constraints)
}

// draw puts p somewhere in what a run without a fault has shown; it is false if there is nothing that p counts. The
// end is left out: how many statements there are is not the same in each run, since what is ready at a time goes together.
func (p point) draw(rng *rand.Rand, seen []moment) (point, bool) {
	all := 0
	for _, m := range seen {
		all += p.weight(m)
	}
	if all == 0 {
		return p, false
	}
	switch {
	case p.postData(): // all of them may go in one message, where rows are held back
		all = 1
	case all > 3:
		all -= max(1, all/5)
	}
	p.at = 1 + rng.IntN(all)
	return p, true
}
