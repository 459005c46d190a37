package transfer

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

// blockReader reads a block, or one share of its rows, from its beginning. It waits for what has not come yet.
type blockReader struct {
	ctx    context.Context
	block  *block
	at     int // the chunk that is next
	offset int // in it
	stop   func() bool

	share, shares int   // 0 of 1: all
	passed        int64 // bytes of the block before at and offset
	stripe        int64 // which the next byte belongs to
}

// stripeBytes is what one stripe of a block has, up to the end of a row: a megabyte of rows in a COPY of each connection in turn. The ledger
// relies on it: a share that it has must be the same rows to a later run.
const stripeBytes = 1 << 20

// open begins to read. It fails with errGone if the beginning is no longer there.
func (b *block) open(ctx context.Context) (io.ReadCloser, error) {
	readers, err := b.inShares(1)
	if err != nil {
		return nil, err
	}
	return readers[0].open(ctx), nil
}

// inShares has the block read in so many shares, which together are all of it: stripes of rows, in turn. Each is to be opened, and read by a
// goroutine of its own: what one has not read takes the room that the others' rows need.
func (b *block) inShares(shares int) ([]*blockReader, error) {
	if b == nil || !b.rewind() {
		return nil, errGone
	}
	readers := make([]*blockReader, shares)
	for i := range readers {
		readers[i] = &blockReader{block: b, share: i, shares: shares}
	}
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	b.readers = readers
	return readers, nil
}

// open is called once, before the first Read.
func (r *blockReader) open(ctx context.Context) io.ReadCloser {
	r.ctx, r.stop = ctx, context.AfterFunc(ctx, r.block.intake.wake)
	return r
}

// stages are the first stages of as many pipes as rows has counts, one for each share of the block.
func (b *block) stages(rows []*atomic.Int64) ([]pipeline.Stage, error) {
	readers, err := b.inShares(len(rows))
	if err != nil {
		return nil, err
	}
	first := make([]pipeline.Stage, len(readers))
	for i, r := range readers {
		first[i] = stages.ArchiveRows(func(ctx context.Context) (io.ReadCloser, error) { return r.open(ctx), nil }, rows[i])
	}
	return first, nil
}

// rewind has the next reader begin at the beginning, if that is still there.
func (b *block) rewind() bool {
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	if b.kept > 0 || b.unwanted {
		return false
	}
	b.taken, b.readers = 0, nil
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
		case b.unwanted:
			return 0, errGone // never an end
		case r.at < len(b.chunks):
			if n := r.take(p, b.chunks[r.at]); n > 0 {
				return n, nil
			}
			continue
		case b.err != nil:
			return 0, b.err
		case b.whole:
			return 0, io.EOF
		}
		b.intake.changed.Wait()
	}
}

// take copies bytes of the chunk that is next, or passes over those of others; 0 says that there were none of its own. The caller holds mu.
func (r *blockReader) take(p, chunk []byte) (n int) {
	rest := chunk[r.offset:]
	mine := r.stripe%int64(r.shares) == int64(r.share)
	if r.shares > 1 {
		rest = rest[:r.inStripe(rest)]
	}
	if mine {
		n = copy(p, rest)
		rest = rest[:n]
	}
	r.passed += int64(len(rest))
	r.offset += len(rest)
	if r.shares > 1 && len(rest) > 0 && rest[len(rest)-1] == '\n' && r.passed > (r.stripe+1)*stripeBytes {
		r.stripe = (r.passed - 1) / stripeBytes
	}
	if r.offset == len(chunk) {
		r.at, r.offset = r.at+1, 0
		r.block.advance()
	}
	return n
}

// inStripe is how many of the bytes that come next belong to the stripe at hand. A stripe ends with the first row that ends behind its
// bytes; where a row is longer than a stripe, some have none.
func (r *blockReader) inStripe(rest []byte) int {
	left := (r.stripe+1)*stripeBytes - r.passed
	if left >= int64(len(rest)) {
		return len(rest)
	}
	from := max(left, 0)
	if i := bytes.IndexByte(rest[from:], '\n'); i >= 0 {
		return int(from) + i + 1
	}
	return len(rest)
}

// advance notes what all readers have taken. The caller holds mu.
func (b *block) advance() {
	taken := len(b.chunks)
	for _, r := range b.readers {
		taken = min(taken, r.at)
	}
	if taken > b.taken {
		b.taken = taken
		b.intake.changed.Broadcast() // there may be room now
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

// sizeAtLeast waits until so many bytes have come, or half of what memory may hold, and reports whether there are as many.
func (b *block) sizeAtLeast(ctx context.Context, bytes int64) bool {
	bytes = min(bytes, b.intake.most/2)
	defer context.AfterFunc(ctx, b.intake.wake)()
	b.intake.mu.Lock()
	defer b.intake.mu.Unlock()
	for ctx.Err() == nil && b.err == nil && !b.whole && !b.unwanted && b.came < bytes {
		b.intake.changed.Wait()
	}
	return b.came >= bytes
}
