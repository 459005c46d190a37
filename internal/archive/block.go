package archive

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// The types of data blocks (BLK_… in pg_backup_archiver.h).
const (
	blockRows    byte = 1
	blockObjects byte = 3
)

// block is the data block of one entry in the custom format: its type, the entry's dump id, then chunks (an integer
// length and as many bytes) up to a length of 0. A block of large objects has an object id before the chunks of each,
// and ends with an object id of 0 (_PrintData and _LoadLOs in pg_backup_custom.c).
type block struct {
	d       *decoder
	how     method
	start   int64 // offset of the block's first byte
	objects bool
	left    int64               // bytes of the chunk in work that have not been read
	inside  bool                // of a run of chunks: its end mark has not come
	over    bool                // the block's own end mark has come
	seek    func(n int64) error // skip by other means, where there are any
}

// open begins a block whose type and id have been read.
func (b *block) open(d *decoder, how method, start int64, objects bool) {
	*b = block{d: d, how: how, start: start, objects: objects, inside: !objects}
}

// Read gives the bytes of the chunks, as many as have arrived; io.EOF only where an end mark stands.
func (b *block) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if b.left == 0 {
			if n > 0 && b.d.r.Buffered() <= intSize {
				return n, nil // what is there is given before more is waited for
			}
			if !b.nextChunk() {
				break
			}
		}
		m, err := b.d.some(p[n:min(len(p), n+int(min(b.left, math.MaxInt32)))])
		n, b.left = n+m, b.left-int64(m)
		if err != nil {
			return n, err
		}
		if b.d.r.Buffered() == 0 {
			return n, nil
		}
	}
	if n == 0 && len(p) > 0 {
		if b.d.err != nil {
			return 0, b.d.err
		}
		return 0, io.EOF
	}
	return n, nil
}

// nextChunk reads a chunk's length. It reports false behind the last chunk and after an error.
func (b *block) nextChunk() bool {
	if !b.inside || b.d.err != nil {
		return false
	}
	n := b.d.int("chunk length", 0, maxInt)
	if b.d.err != nil {
		return false
	}
	b.left = int64(n)
	if n == 0 {
		b.inside, b.over = false, !b.objects
	}
	return n > 0
}

// skipRun leaves out what is left of the run of chunks in work.
func (b *block) skipRun() error {
	for b.left > 0 || b.nextChunk() {
		skip := b.d.skip
		if b.seek != nil {
			skip = b.seek
		}
		if err := skip(b.left); err != nil {
			return err
		}
		b.left = 0
	}
	return b.d.err
}

// nextObject goes to the next large object, or gives io.EOF behind the last one.
func (b *block) nextObject() (uint32, error) {
	if err := b.skipRun(); err != nil {
		return 0, err
	}
	if b.over {
		return 0, io.EOF
	}
	oid := b.d.objectID()
	switch {
	case b.d.err != nil:
		return 0, b.d.err
	case oid == 0:
		b.over = true
		return 0, io.EOF
	}
	b.inside = true
	return oid, nil
}

// finish leaves out the rest of the block.
func (b *block) finish() error {
	if !b.objects {
		return b.skipRun()
	}
	for {
		if _, err := b.nextObject(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func (b *block) method() method { return b.how }
func (b *block) taken() int64   { return b.d.offset - b.start }
func (b *block) fault() error   { return b.d.err }
func (b *block) close() error   { return nil }
func (b *block) where() string  { return fmt.Sprintf("before offset %d", b.d.offset) }
func (b *block) sure() bool     { return true }

// objectID reads the id of a large object, which archives hold as C's int: from 2^31 on it is negative.
func (d *decoder) objectID() uint32 {
	at := d.offset
	n := d.wide("large object id")
	if n < math.MinInt32 {
		d.fail("large object id", fmt.Errorf("%d at offset %d: must be at least %d", n, at, math.MinInt32))
		return 0
	}
	return uint32(n)
}

// some reads what has arrived of the data, at least a byte.
func (d *decoder) some(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.r.Read(p)
	d.offset += int64(n)
	d.ended("data", err)
	return n, d.err
}

// skip leaves out n bytes.
func (d *decoder) skip(n int64) error {
	for n > 0 && d.err == nil {
		m, err := d.r.Discard(int(min(n, 1<<30)))
		d.offset, n = d.offset+int64(m), n-int64(m)
		d.ended("data", err)
	}
	return d.err
}
