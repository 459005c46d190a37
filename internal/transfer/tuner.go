package transfer

import "time"

// tuner decides how many copy streams there are, by the rate that all of them together have. It climbs: it adds a stream while
// the rate grows by more than that costs, takes the last one away when it did not, and tries again later, each time after a
// longer wait. It has no clock and does no I/O; one goroutine uses it.
type tuner struct {
	most  int
	level int // streams that are wanted

	from   time.Duration // beginning of the stretch that is measured, at one level with all streams in work
	bytes  int64         // moved until then
	rates  []float64     // of the stretches at this level
	before float64       // the rate at the level that was left; 0 if nothing is being tried
	step   int           // what is tried: +1 or -1
	missed int           // directions that were tried in vain, one after the other
	again  time.Duration // when the next trial may begin
	pause  time.Duration // how long the next wait is
}

const (
	tuneEvery   = 500 * time.Millisecond // how often the rate is looked at
	tuneStretch = 2 * time.Second        // a rate is measured over
	tuneSettle  = time.Second            // after a change: the new stream begins
	tuneSamples = 3                      // stretches, of which the middle one counts
	tunePause   = 20 * time.Second       // after a stream did not help, at first
	tuneLongest = 5 * time.Minute
	// a stream must bring that share of what an even growth would give, and the least share of the rate: less is noise, and a
	// backend on each side, its memory and its share of the disks are not free
	tuneWorth = 0.4
	tuneLeast = 0.04
)

func newTuner(begin, most int) *tuner {
	return &tuner{most: most, level: min(begin, most), step: 1, from: -1, pause: tunePause}
}

// see takes what has been moved until now; steady says that all streams are in work and nothing but the servers and the
// network holds them back. It returns how many streams there should be.
func (t *tuner) see(now time.Duration, bytes int64, steady bool) int {
	switch {
	case !steady:
		t.from = -1
		return t.level
	case t.from < 0:
		t.from, t.bytes = now+tuneSettle, -1
		return t.level
	case now < t.from:
		return t.level
	case t.bytes < 0:
		t.from, t.bytes = now, bytes
		return t.level
	case now-t.from < tuneStretch:
		return t.level
	}
	t.rates = append(t.rates, float64(bytes-t.bytes)/(now-t.from).Seconds())
	t.from, t.bytes = now, bytes
	if len(t.rates) < tuneSamples {
		return t.level
	}
	rate := middle(t.rates)
	t.rates = t.rates[1:]
	t.judge(now, rate)
	return t.level
}

// judge ends a trial of one stream more or fewer, and begins the next one: on in the same direction if it was worth it, else back
// and the other way; when neither is worth it, later.
func (t *tuner) judge(now time.Duration, rate float64) {
	if t.before > 0 {
		worth := rate >= t.before*(1+t.worth(t.level-1)) // it has brought something
		if t.step < 0 {
			worth = rate >= t.before*(1-t.worth(t.level)) // it is not missed
		}
		if worth {
			t.missed, t.pause = 0, tunePause
		} else {
			t.level -= t.step
			t.turn(now)
			t.begin(0)
			return
		}
	}
	if now < t.again {
		t.before = 0
		return
	}
	if next := t.level + t.step; next < 1 || next > t.most {
		t.turn(now)
		t.before = 0
		return
	}
	t.level += t.step
	t.begin(rate)
}

// turn changes the direction. When both were tried in vain, nothing is for a while.
func (t *tuner) turn(now time.Duration) {
	t.step = -t.step
	if t.missed++; t.missed == 2 {
		t.missed, t.again = 0, now+t.pause
		t.pause = min(2*t.pause, tuneLongest)
	}
}

// begin measures a level anew, to be compared with the rate before it unless that is 0.
func (t *tuner) begin(before float64) {
	t.before, t.rates, t.from = before, nil, -1
}

// worth is the growth, as a share of the rate, that one more than n streams must bring.
func (t *tuner) worth(n int) float64 { return max(tuneLeast, tuneWorth/float64(n)) }

func middle(rates []float64) float64 {
	a, b, c := rates[0], rates[1], rates[2]
	return max(min(a, b), min(max(a, b), c))
}
