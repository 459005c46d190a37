package transfer

import (
	"context"
	"io"
)

// blockReader reads a block from its beginning. It waits for what has not come yet.
type blockReader struct {
	ctx    context.Context
	block  *block
	offset int // in the chunk that is next
	stop   func() bool
}

// open begins to read. It fails with errGone if the beginning is no longer there.
func (b *block) open(ctx context.Context) (io.ReadCloser, error) {
	if b == nil || !b.rewind() {
		return nil, errGone
	}
	return &blockReader{ctx: ctx, block: b, stop: context.AfterFunc(ctx, b.intake.wake)}, nil
}

// rewind has the next reader begin at the beginning, if that is still there.
func (b *block) rewind() bool {
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	if b.kept > 0 || b.unwanted {
		return false
	}
	b.taken = 0
	return true
}

func (r *blockReader) Read(p []byte) (int, error) {
	b := r.block
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	for {
		switch {
		case r.ctx.Err() != nil:
			return 0, context.Cause(r.ctx)
		case b.taken < len(b.chunks):
			chunk := b.chunks[b.taken]
			n := copy(p, chunk[r.offset:])
			if r.offset += n; r.offset == len(chunk) {
				b.taken, r.offset = b.taken+1, 0
				b.intake.changed.Broadcast() // there may be room now
			}
			return n, nil
		case b.err != nil:
			return 0, b.err
		case b.whole:
			return 0, io.EOF
		}
		b.intake.changed.Wait()
	}
}

func (r *blockReader) Close() error {
	r.stop()
	return nil
}

// fail ends the block with an error in place of what has not come.
func (b *block) fail(err error) {
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	b.err = err
	b.intake.changed.Broadcast()
}

// starves reports whether all that has come is read, and more is to come.
func (b *block) starves() bool {
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	return b.taken == len(b.chunks) && !b.whole
}
