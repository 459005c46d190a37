package convert

import (
	"context"

	"golang.org/x/sync/errgroup"

	"pgsluice/internal/archive"
)

// pieceBytes is how much is compressed at once: less would cost in size, since each piece is compressed by itself, more in
// memory.
const pieceBytes = 1 << 20

// piece is something to write: bytes, or the beginning or end of an entry or large object.
type piece struct {
	write func(sink) error // nil of bytes
	raw   []byte
	done  chan error // what came of compressing; nil of no bytes

	segment archive.Segment
	by      compressor
}

// line is the way from the reader to the writer. Pieces are written in the order in which they were sent, however
// long their compression takes.
type line struct {
	sink  sink
	jobs  int
	wrote func(int64)

	work  chan *piece // to be compressed
	order chan *piece // to be written
	room  chan []byte // memory for pieces: all there is
}

// run runs read, which calls send, until it has returned and all is written, or until something fails. A read that is
// held up by its input must give up when its context ends.
func (l *line) run(ctx context.Context, read func(context.Context) error) error {
	ahead := 2 * l.jobs // one in work for each, and one that waits to be written
	l.work, l.order = make(chan *piece), make(chan *piece, ahead)
	l.room = make(chan []byte, ahead+2)
	for range cap(l.room) {
		l.room <- nil
	}
	group, ctx := errgroup.WithContext(ctx)
	for range l.jobs {
		c, err := l.sink.compressor()
		if err != nil {
			return err
		}
		group.Go(func() error { return l.compress(ctx, c) })
	}
	group.Go(func() error { return l.write(ctx) })
	group.Go(func() error {
		defer close(l.order)
		defer close(l.work)
		return read(ctx)
	})
	return group.Wait()
}

// memory returns room for pieceBytes bytes, which comes back when they are written.
func (l *line) memory(ctx context.Context) ([]byte, error) {
	select {
	case p := <-l.room:
		if p == nil {
			p = make([]byte, pieceBytes)
		}
		return p[:0], nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// send passes a piece on.
func (l *line) send(ctx context.Context, p *piece) error {
	if p.write == nil {
		p.done = make(chan error, 1)
	}
	select {
	case l.order <- p:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.write != nil {
		return nil
	}
	select {
	case l.work <- p:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (l *line) compress(ctx context.Context, c compressor) error {
	for {
		select {
		case p, more := <-l.work:
			if !more {
				return nil
			}
			p.by = c
			p.done <- c.compress(p)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *line) write(ctx context.Context) error {
	for {
		var p *piece
		var more bool
		select {
		case p, more = <-l.order:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !more {
			return nil
		}
		if err := l.writePiece(ctx, p); err != nil {
			return err
		}
	}
}

func (l *line) writePiece(ctx context.Context, p *piece) error {
	if p.write != nil {
		if err := p.write(l.sink); err != nil {
			return &outputError{err}
		}
		return nil
	}
	select {
	case err := <-p.done:
		if err == nil {
			err = l.sink.put(p)
		}
		if err != nil {
			return &outputError{err}
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	l.wrote(int64(p.segment.Bytes()))
	p.by.release(p)
	l.room <- p.raw[:0]
	return nil
}
