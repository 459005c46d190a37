package ends

import (
	"context"
	"io"
)

// Reader is a reader that gives up when its context ends: a pipe that nobody writes to could hold a program up for ever. The
// error is then the cause of the context, and a goroutine may stay behind in the underlying Read; what that brings is given to the
// next Read under a context that has not ended. It is for one goroutine at a time.
type Reader struct {
	ctx     context.Context
	r       io.Reader
	room    []byte
	pending chan result // of a Read in work; nil if there is none
	have    []byte      // of room, read and not given
	err     error       // what comes behind that
}

type result struct {
	n   int
	err error
}

// readerBytes is what one read takes at most: a pipe's usual capacity.
const readerBytes = 64 << 10

// NewReader returns r as a Reader under ctx.
func NewReader(ctx context.Context, r io.Reader) *Reader {
	return &Reader{ctx: ctx, r: r, room: make([]byte, readerBytes)}
}

// Under has the following Reads end with ctx, until back is called.
func (p *Reader) Under(ctx context.Context) (back func()) {
	former := p.ctx
	p.ctx = ctx
	return func() { p.ctx = former }
}

func (p *Reader) Read(b []byte) (int, error) {
	for len(p.have) == 0 {
		if p.ctx.Err() != nil {
			return 0, context.Cause(p.ctx)
		}
		if p.err != nil {
			return 0, p.err
		}
		if p.pending == nil {
			done := make(chan result, 1)
			p.pending = done
			go func() {
				n, err := p.r.Read(p.room)
				done <- result{n, err}
			}()
		}
		select {
		case got := <-p.pending:
			p.pending, p.have, p.err = nil, p.room[:got.n], got.err
		case <-p.ctx.Done():
		}
	}
	n := copy(b, p.have)
	p.have = p.have[n:]
	return n, nil
}

// NewWriter returns w as a writer that gives up when ctx ends: a pipe that nobody reads could hold a program up for ever. The
// error is then the cause of ctx, and what was given to the last Write must not be used again.
func NewWriter(ctx context.Context, w io.Writer) io.Writer { return &patientWriter{ctx, w} }

type patientWriter struct {
	ctx context.Context
	w   io.Writer
}

func (p *patientWriter) Write(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	done := make(chan result, 1)
	go func() {
		n, err := p.w.Write(b)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-p.ctx.Done():
		return 0, context.Cause(p.ctx)
	}
}
