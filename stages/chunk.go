package stages

import (
	"io"
	"sync/atomic"
)

// ChunkBytes is the size of the pieces in which stages hand bytes on. pgx reads at
// most 65,531 bytes for one CopyData frame (a buffer of 64 KiB less the five bytes
// of the frame's head), so a full chunk becomes exactly one frame and one write to
// the socket; with 64 KiB every second frame would carry five bytes.
//
// BenchmarkCopyOutChunk has the evidence, for rows of 100 bytes through one link on
// one core: 0.1 GB/s row by row, 2 GB/s in chunks of 4 KiB, 4 GB/s from 32 KiB on, and
// nothing gained above 64 KiB.
const ChunkBytes = 65_531

// chunker gathers small writes into chunks of size bytes. Every write to w but the
// last is full. It allocates its buffer once; what doesn't fit the buffer goes to w
// in slices of the caller's own bytes, so that a row of 100 MB is not copied again.
type chunker struct {
	w   io.Writer
	buf []byte // length: bytes held; capacity: the chunk size
	err error  // the first error of w, as w gave it; sticky

	rows   *atomic.Int64 // gets the rows of each chunk when it is sent; may be nil
	unsent int64
}

func newChunker(w io.Writer, size int, rows *atomic.Int64) *chunker {
	return &chunker{w: w, buf: make([]byte, 0, size), rows: rows}
}

// Write takes one row.
func (c *chunker) Write(p []byte) (int, error) {
	c.unsent++
	written := 0
	if len(c.buf) > 0 && len(c.buf)+len(p) >= cap(c.buf) {
		n := copy(c.buf[len(c.buf):cap(c.buf)], p)
		c.buf = c.buf[:cap(c.buf)]
		if err := c.flush(); err != nil {
			return 0, err
		}
		written += n
	}
	for len(p)-written >= cap(c.buf) {
		if err := c.send(p[written : written+cap(c.buf)]); err != nil {
			return written, err
		}
		written += cap(c.buf)
	}
	if c.err != nil {
		return written, c.err
	}
	c.buf = append(c.buf, p[written:]...)
	return len(p), nil
}

// flush sends what is held. It must be called once at the end.
func (c *chunker) flush() error {
	if c.err != nil || len(c.buf) == 0 {
		return c.err
	}
	err := c.send(c.buf)
	c.buf = c.buf[:0]
	return err
}

func (c *chunker) send(p []byte) error {
	if c.err == nil {
		_, c.err = c.w.Write(p)
	}
	if c.rows != nil && c.err == nil {
		c.rows.Add(c.unsent)
		c.unsent = 0
	}
	return c.err
}
