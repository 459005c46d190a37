package transfer

import (
	"context"
	"io"

	"pgsluice/internal/plan"
)

// block is the data of one entry on its way through an intake, whose mu guards it. The feeder writes it, and one copier at a time reads it, in shares
// perhaps.
type block struct {
	intake  *intake
	ctx     context.Context // the feeder's
	task    *plan.Task
	filling []byte // the feeder's, not among chunks yet

	chunks      [][]byte
	kept, taken int // chunks before kept are gone, those before taken have been read by all readers
	readers     []*blockReader
	came        int64 // bytes
	arrived     bool  // the board has its task
	long        bool  // it is more than one chunk
	whole       bool  // all of it has come
	unwanted    bool
	err         error // instead of the rest
	objects     int64 // how many large objects are in it, once it is whole
}

// readFrom takes all that r yields.
func (b *block) readFrom(r io.Reader) error {
	for {
		if b.filling == nil {
			b.filling = b.intake.chunk()
		}
		n, err := r.Read(b.filling[len(b.filling):cap(b.filling)])
		b.filling = b.filling[:len(b.filling)+n]
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case len(b.filling) == cap(b.filling):
			if err := b.push(false); err != nil {
				return err
			}
		}
	}
}

// Write takes a copy of p.
func (b *block) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if b.filling == nil {
			b.filling = b.intake.chunk()
		}
		size := min(len(p)-n, cap(b.filling)-len(b.filling))
		b.filling = append(b.filling, p[n:n+size]...)
		n += size
		if len(b.filling) == cap(b.filling) {
			if err := b.push(false); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// finish says that all has come.
func (b *block) finish() error { return b.push(true) }

// push hands the filled chunk on, waiting for room. With the first the board gets the task.
func (b *block) push(last bool) error {
	chunk := b.filling
	b.filling = nil
	if last && len(chunk) < cap(chunk)/2 { // many small tables may wait for a copier
		chunk = append(make([]byte, 0, len(chunk)), chunk...)
	}
	in := b.intake
	in.mu.Lock()
	first := !b.arrived
	need := int64(cap(chunk))
	for b.ctx.Err() == nil && !b.unwanted && !b.mayCome(need) {
		in.changed.Wait()
	}
	switch {
	case b.ctx.Err() != nil:
		in.mu.Unlock()
		return context.Cause(b.ctx)
	case b.unwanted:
		in.mu.Unlock()
		return errUnwanted
	}
	if len(chunk) > 0 {
		b.chunks, in.held, b.came = append(b.chunks, chunk), in.held+need, b.came+int64(len(chunk))
	}
	b.whole, b.long, b.arrived = last, b.long || !last || !first, true
	board := in.board
	if last && board != nil && b.came >= sharedFrom && b.task.Kind == plan.Rows { // of a smaller one nothing takes long
		board.learn(b.task, b.came)
	}
	if first {
		in.blocks[b.task.ID] = b
		b.size()
	}
	in.changed.Broadcast()
	in.mu.Unlock()
	if first && board != nil {
		board.arrive(b.task)
	}
	return nil
}

// mayCome reports whether there is room for so many bytes. A block whose copier has nothing left is always let go on; the first bytes of one
// that nobody reads yet wait, because those before it need nothing of it. The caller holds mu.
func (b *block) mayCome(bytes int64) bool {
	in := b.intake
	if in.held == 0 || in.held+bytes <= in.most {
		return true
	}
	return in.evict(bytes) || b.arrived && b.taken == len(b.chunks)
}

// size tells the board, before it has the task, what is known of its size. FREEZE is not worth it for a small table.
func (b *block) size() {
	if b.long {
		b.task.Bytes = max(b.task.Bytes, smallTable+1)
		return
	}
	b.task.Bytes, b.task.Freeze = 0, false
	for _, chunk := range b.chunks {
		b.task.Bytes += int64(len(chunk))
	}
}
