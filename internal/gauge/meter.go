package gauge

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts the bytes of all streams of a measurement and tells when there are enough. Add may be called from any
// goroutine; it is a [stages.Tally].
type tally struct {
	bytes, rows atomic.Int64
	limit       int64
	once        sync.Once
	enough      chan struct{} // closed when limit is reached
}

func newTally(limit int64) *tally { return &tally{limit: limit, enough: make(chan struct{})} }

// Add counts n bytes.
func (t *tally) Add(n int) {
	if t.bytes.Add(int64(n)) >= t.limit {
		t.once.Do(func() { close(t.enough) })
	}
}

// series takes a reading at each tick and turns two neighbours into a rate.
type series struct {
	last  time.Time
	bytes int64
	rates []float64
}

func startSeries(now time.Time) *series { return &series{last: now} }

func (s *series) read(now time.Time, bytes int64) {
	if d := now.Sub(s.last).Seconds(); d > 0 {
		s.rates = append(s.rates, float64(bytes-s.bytes)/d)
	}
	s.last, s.bytes = now, bytes
}

// leastIntervals are needed for a median to say more than the mean.
const leastIntervals = 4

// settle fills in m's rates. The first interval holds the start of the streams, and what the sockets' buffers took, and is left out
// where the others say enough. Where the clock ran until the buffers were empty, drained, the mean is right.
func settle(m *Measurement, rates []float64, drained bool) {
	m.Intervals = rates
	mean := 0.0
	if m.Elapsed > 0 {
		mean = float64(m.Bytes) / m.Elapsed.Seconds()
	}
	m.BytesPerSecond, m.Low, m.High = mean, mean, mean
	if len(rates) <= leastIntervals {
		return
	}
	steady := slices.Sorted(slices.Values(rates[1:]))
	switch {
	case drained:
	case m.Kind == Through: // it ends with bytes in the buffers
		sum := 0.0
		for _, rate := range steady {
			sum += rate
		}
		m.BytesPerSecond = sum / float64(len(steady))
	default:
		if median := percentile(steady, 0.5); median >= mean/2 { // else large rows come one by one
			m.BytesPerSecond = median
		}
	}
	m.Low = min(percentile(steady, 0.1), m.BytesPerSecond)
	m.High = max(percentile(steady, 0.9), m.BytesPerSecond)
}

// percentile is of sorted values, between two neighbours where it falls between them; 0 of none.
func percentile[N ~int64 | ~float64](sorted []N, share float64) N {
	if len(sorted) == 0 {
		return 0
	}
	at := share * float64(len(sorted)-1)
	low := int(math.Floor(at))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + N((at-float64(low))*float64(sorted[low+1]-sorted[low]))
}

// spreadOf sorts times.
func spreadOf(times []time.Duration) Spread {
	slices.Sort(times)
	return Spread{Count: len(times), Median: percentile(times, 0.5), Low: percentile(times, 0.1), High: percentile(times, 0.9)}
}
