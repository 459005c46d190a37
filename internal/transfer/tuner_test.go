package transfer

import (
	"math/rand/v2"
	"testing"
	"time"
)

// tuned lets a tuner run for so long over servers whose rate, in bytes a second, depends on the streams and the time. It
// returns how often each number of streams was wanted in the last third.
func tuned(begin, most int, length time.Duration, rate func(n int, at time.Duration) float64, steady func(at time.Duration) bool) map[int]int {
	t := newTuner(begin, most)
	noise := rand.New(rand.NewPCG(1, 2))
	moved, level, seen := 0.0, t.level, map[int]int{}
	for at := time.Duration(0); at < length; at += tuneEvery {
		moved += rate(level, at) * (0.97 + 0.06*noise.Float64()) * tuneEvery.Seconds()
		level = t.see(at, int64(moved), steady(at))
		if at > length*2/3 {
			seen[level]++
		}
	}
	return seen
}

func always(time.Duration) bool { return true }

func mostly(seen map[int]int) (level int) {
	for n, times := range seen {
		if times > seen[level] {
			level = n
		}
	}
	return level
}

func TestTuner(t *testing.T) {
	t.Parallel()
	limited := func(knee int) func(int, time.Duration) float64 {
		return func(n int, _ time.Duration) float64 { return 50e6 * float64(min(n, knee)) }
	}
	for _, c := range []struct {
		name            string
		begin, most     int
		rate            func(int, time.Duration) float64
		leastOK, mostOK int
	}{
		{"one stream is all the link takes", 4, 16, limited(1), 1, 1},
		{"grows up to six", 2, 16, limited(6), 6, 6},
		{"grows to the end", 4, 12, limited(100), 12, 12},
		{"falls with too many", 8, 16, func(n int, _ time.Duration) float64 { return 50e6 * float64(n) * max(0.1, 1-0.12*float64(n-1)) }, 3, 5},
		{"stands still", 4, 16, func(int, time.Duration) float64 { return 0 }, 1, 16},
		{"the largest is one", 4, 1, limited(8), 1, 1},
		{"grows later", 2, 16, func(n int, at time.Duration) float64 {
			if at < 3*time.Minute {
				return limited(2)(n, at)
			}
			return limited(8)(n, at)
		}, 8, 8},
	} {
		seen := tuned(c.begin, c.most, 30*time.Minute, c.rate, always)
		if level := mostly(seen); level < c.leastOK || level > c.mostOK {
			t.Errorf("%s: mostly %d streams, not %d to %d: %v", c.name, level, c.leastOK, c.mostOK, seen)
		}
		for n := range seen {
			if n < 1 || n > c.most {
				t.Errorf("%s: %d streams", c.name, n)
			}
		}
	}
}

// What is not the servers' own rate says nothing: a limit, or too few tables left.
func TestTunerWaits(t *testing.T) {
	t.Parallel()
	seen := tuned(4, 16, 10*time.Minute, func(n int, _ time.Duration) float64 { return 1e6 * float64(n) }, func(time.Duration) bool { return false })
	if len(seen) != 1 || seen[4] == 0 {
		t.Errorf("%v", seen)
	}
}
