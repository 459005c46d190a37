package progress

import "time"

// Window is the stretch of time over which a windowed rate is taken.
const Window = 5 * time.Second

// sampleGap is the least distance between two kept samples: it bounds their number, however many
// observers there are, and is a twenty-fifth of the window, finer than anybody reads.
const sampleGap = 200 * time.Millisecond

// rateMeter turns samples of a growing byte count into rates. Samples are taken when somebody
// looks or a task ends, never for each chunk.
type rateMeter struct {
	samples []sample // oldest first; all but the first lie within the window
	peak    float64  // bytes per second, the largest rate over a nearly full window
}

type sample struct {
	at    time.Duration
	bytes int64
}

// observe takes a sample and returns the rate over the window that ends with it, in bytes per
// second.
func (m *rateMeter) observe(at time.Duration, bytes int64) float64 {
	// A transfer that was cut short ends its data phase in the past: at the last task's end.
	if n := len(m.samples); n > 0 {
		at = max(at, m.samples[n-1].at)
	}
	drop := 0
	for drop+1 < len(m.samples) && m.samples[drop+1].at <= at-Window {
		drop++
	}
	m.samples = append(m.samples[:0], m.samples[drop:]...)

	var rate float64
	if len(m.samples) > 0 {
		first := m.samples[0]
		rate = perSecond(bytes-first.bytes, at-first.at)
		// Over a short window a single chunk looks like a record.
		if at-first.at >= Window*4/5 {
			m.peak = max(m.peak, rate)
		}
	}
	if n := len(m.samples); n == 0 || at-m.samples[n-1].at >= sampleGap {
		m.samples = append(m.samples, sample{at, bytes})
	}
	return rate
}

// perSecond is 0 if no time has passed.
func perSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
