package progress

import "time"

// standstill measures for how long no byte has moved. It learns of bytes when somebody looks, so it is right to the
// distance between two looks.
type standstill struct {
	bytes int64
	since time.Duration
}

// see takes note of the bytes moved until now; busy is whether data tasks are in work.
func (i *standstill) see(now time.Duration, bytes int64, busy bool) time.Duration {
	if !busy || bytes != i.bytes {
		i.bytes, i.since = bytes, now
	}
	return max(now-i.since, 0)
}
