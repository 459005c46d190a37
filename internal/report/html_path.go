package report

import (
	"fmt"
	"strings"
	"time"
)

// stepPath draws steps in a box of 1000 by 1000 whose origin is at the top left, as SVG does.
type stepPath struct {
	scale scale
	steps []pathStep
}

type pathStep struct{ x0, x1, y float64 }

// step adds a stretch of height share, 0 to 1.
func (p *stepPath) step(from, to time.Duration, share float64) {
	p.steps = append(p.steps, pathStep{1000 * p.scale.share(from), 1000 * p.scale.share(to), 1000 * (1 - min(max(share, 0), 1))})
}

// line is the upper edge, broken where steps don't adjoin.
func (p *stepPath) line() string {
	var b strings.Builder
	for i, s := range p.steps {
		if i == 0 || p.steps[i-1].x1 != s.x0 {
			fmt.Fprintf(&b, "M%.1f %.1f", s.x0, s.y)
		} else {
			fmt.Fprintf(&b, "V%.1f", s.y)
		}
		fmt.Fprintf(&b, "H%.1f", s.x1)
	}
	return b.String()
}

// area is what lies under the line.
func (p *stepPath) area() string {
	var b strings.Builder
	for i, s := range p.steps {
		if i == 0 || p.steps[i-1].x1 != s.x0 {
			if i > 0 {
				b.WriteString("V1000Z")
			}
			fmt.Fprintf(&b, "M%.1f 1000", s.x0)
		}
		fmt.Fprintf(&b, "V%.1fH%.1f", s.y, s.x1)
	}
	if len(p.steps) > 0 {
		b.WriteString("V1000Z")
	}
	return b.String()
}
