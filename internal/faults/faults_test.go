package faults

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgsluice/internal/pgtest"
)

// calibrated is what a run without a fault shows: where a fault can strike.
var calibrated struct {
	mu   sync.Mutex
	seen []moment
	size int // what the rows and indexes take on the target's disk, in bytes
}

func (l *lane) calibrate(t testing.TB) []moment {
	t.Helper()
	calibrated.mu.Lock()
	defer calibrated.mu.Unlock()
	if calibrated.seen == nil {
		quiet := &fault{name: "none", places: everywhere, expect: only(done)}
		p := &play{TB: t, trial: trial{fault: quiet, seed: *seed}, lane: l, rng: rand.New(rand.NewPCG(*seed, 0))}
		defer p.clean()
		p.open()
		s := p.scene()
		s.begin(t, p.dir, p.login)
		if code := p.finish(); code != 0 {
			t.Fatalf("without a fault: exit code %d:\n%s", code, tail(p.last()))
		}
		p.complete()
		if s.children == 0 {
			t.Error("no child of the program was seen")
		}
		const size = "SELECT pg_database_size(current_database()) - (SELECT pg_database_size('template0'))"
		calibrated.size = pgtest.Scalar[int](t, l.url(target, l.targetName()), size)
		calibrated.seen = s.seen
		t.Logf("%s; %d bytes on disk", census(s.seen), calibrated.size)
	}
	return calibrated.seen
}

// census counts the moments.
func census(seen []moment) string {
	count, bytes := map[string]int{}, map[side]int{}
	for _, m := range seen {
		if m.bytes > 0 {
			bytes[m.side] += m.bytes
		} else {
			count[fmt.Sprint(m.phase, " ", m.side)]++
		}
	}
	return fmt.Sprintf("statements: %v; bytes of rows: %v", count, bytes)
}

// trials puts n cases together: every fault in every place, in turn, with other points each time round.
func trials(n int) []trial {
	var places []trial
	for p := range phases {
		for _, s := range []side{source, target} {
			for _, f := range slices.Concat(broken, servers, leaving, surroundings, []*fault{full}) {
				c := trial{fault: f, phase: p, side: s}
				if f.places(p, s) && strings.Contains(c.String(), *only_) {
					places = append(places, c)
				}
			}
		}
	}
	// so that lanes and short runs get a bit of everything
	rng := rand.New(rand.NewPCG(*seed, 1))
	rng.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	var all []trial
	for i := range n {
		if len(places) == 0 {
			break
		}
		c := places[i%len(places)]
		c.seed = *seed*1_000_000 + uint64(i)
		all = append(all, c)
	}
	return all
}

// lanes is how many cases run at the same time.
func lanes() int { return min(3, runtime.GOMAXPROCS(0)) }

// sample is one place of each fault, for `make test`.
func sample() []trial {
	var all []trial
	seen := map[*fault]bool{}
	for _, c := range trials(1000) {
		if !seen[c.fault] && !c.fault.slow {
			seen[c.fault] = true
			all = append(all, c)
		}
	}
	return all
}

func TestFaults(t *testing.T) {
	all := sample()
	if *cases > 0 {
		all = trials(*cases)
	}
	t.Logf("seed %d, %d cases", *seed, len(all))
	book := newBook()
	playAll(t, all, book)
	record(t, "Faults", book)
}
