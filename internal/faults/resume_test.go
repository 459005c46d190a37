package faults

import (
	"fmt"
	"testing"

	"pgsluice/internal/cluster"
)

// perPhase is how many points each phase has in TestKillAndResume, with -cases; `make test` has one. In prepare there is
// nothing to go on from yet: those points are run again, so that the 50 of the other five phases are the resumed ones.
const perPhase = 10

// The program is killed at seeded points of every phase and goes on with --resume, until it is done: the target equals the
// source each time. A point of the phases prepare, schema, indexes, constraints and finish is a statement, of the phase data
// a byte of the rows; every second one is on the source where the program talks to the source in that phase.
func TestKillAndResume(t *testing.T) {
	points, from := perPhase, prepare
	if *cases == 0 {
		points, from = 1, data
	}
	var all []trial
	for n := range points {
		for p := from; p < phases; p++ {
			s := target
			if n%2 == 1 && (p == prepare || p == data) {
				s = source
			}
			all = append(all, trial{fault: leaving[0], phase: p, side: s, seed: *seed*1_000_000 + 500_000 + uint64(len(all))})
		}
	}
	t.Logf("seed %d, %d points", *seed, len(all))
	resumes := newBook()
	playAll(t, all, resumes)
	record(t, "Killed with SIGKILL and resumed", resumes)
}

// playAll shares the trials out among lanes.
func playAll(t *testing.T, all []trial, b *book) {
	queue := make(chan trial, len(all))
	for _, c := range all {
		queue <- c
	}
	close(queue)
	t.Run("lanes", func(t *testing.T) {
		for i := range min(lanes(), len(all)) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				l := newLane(t, cluster.Options{})
				seen := l.calibrate(t)
				for c := range queue {
					t.Run(c.String(), func(t *testing.T) {
						result := red
						defer func() {
							if !t.Skipped() {
								b.add(c, result)
							}
						}()
						result = l.run(t, &c, seen)
					})
				}
			})
		}
	})
}
