package stages

import (
	"context"
	"sync/atomic"

	"pgsluice/pipeline"
)

// Tally takes the sizes of the chunks that a meter sees. Add must be cheap and must not wait: it runs in the pipe.
type Tally interface{ Add(n int) }

// Counter is a Tally that counts what flows by. The zero value is ready. It may be used from several
// goroutines and by several meters at once; reading it never holds up a pipe.
type Counter struct {
	bytes, chunks atomic.Int64
}

// Add counts one chunk of n bytes.
func (c *Counter) Add(n int) {
	c.bytes.Add(int64(n))
	c.chunks.Add(1)
}

// Load returns the bytes counted so far.
func (c *Counter) Load() int64 { return c.bytes.Load() }

// Chunks returns the number of pieces that the bytes came in.
func (c *Counter) Chunks() int64 { return c.chunks.Load() }

// Meter is a tap, named "meter", that adds to t the bytes on their way to the next
// stage: they are counted before the next stage takes them, so t may be ahead of it
// by one chunk. A nil t gives the zero Stage.
func Meter(t Tally) pipeline.Stage {
	if t == nil {
		return pipeline.Stage{}
	}
	return pipeline.Stage{Name: "meter", Tap: func(_ context.Context, p []byte) error {
		t.Add(len(p))
		return nil
	}}
}
