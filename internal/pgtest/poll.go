package pgtest

import "time"

// Poll asks again and again, every few milliseconds, until it is so or the time is over, and reports whether it is so.
func Poll(within time.Duration, condition func() bool) bool {
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-again.C {
		if condition() {
			return true
		}
	}
	return condition()
}
