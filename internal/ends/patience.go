package ends

import (
	"context"
	"io"
)

// NewReader returns r as a reader that gives up when ctx ends: a pipe that nobody writes to could hold a program up for
// ever. The error is then the cause of ctx, and a goroutine may stay behind in r.Read, with memory of its own.
func NewReader(ctx context.Context, r io.Reader) io.Reader {
	return &patientReader{ctx: ctx, r: r, room: make([]byte, readerBytes)}
}

// readerBytes is what one read takes at most: a pipe's usual capacity.
const readerBytes = 64 << 10

type patientReader struct {
	ctx  context.Context
	r    io.Reader
	room []byte
}

func (p *patientReader) Read(b []byte) (int, error) {
	room := p.room[:min(len(b), len(p.room))]
	n, err := await(p.ctx, func() (int, error) { return p.r.Read(room) })
	return copy(b, room[:n]), err
}

// NewWriter returns w as a writer that gives up when ctx ends: a pipe that nobody reads could hold a program up for ever. The
// error is then the cause of ctx, and what was given to the last Write must not be used again.
func NewWriter(ctx context.Context, w io.Writer) io.Writer { return &patientWriter{ctx, w} }

type patientWriter struct {
	ctx context.Context
	w   io.Writer
}

func (p *patientWriter) Write(b []byte) (int, error) {
	return await(p.ctx, func() (int, error) { return p.w.Write(b) })
}

func await(ctx context.Context, work func() (int, error)) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := work()
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
