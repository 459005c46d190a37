package transfer

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"pgsluice/internal/archive"
)

// look finds out what is to be restored, by its first bytes. Of a script, in gives it from its beginning; the caller closes it. Of Input, which
// it then replaces, nothing is lost.
func (o *RestoreOptions) look(ctx context.Context) (in io.ReadCloser, kind archive.Kind, err error) {
	if o.Path != "" {
		return lookAtFile(o.Path)
	}
	p := &peeked{Reader: bufio.NewReaderSize(o.Input, peekBytes), from: o.Input}
	head := make(chan []byte, 1)
	go func() {
		b, _ := p.Peek(archive.DetectBytes) // its error comes again when it is read
		head <- b
	}()
	select {
	case b := <-head:
		o.Input = p
		return io.NopCloser(p), archive.Detect(b), nil
	case <-ctx.Done():
		_ = p.SetReadDeadline(time.Now())
		return nil, archive.KindUnknown, context.Cause(ctx)
	}
}

// lookAtFile looks into a file; what is none is for others to say.
func lookAtFile(path string) (io.ReadCloser, archive.Kind, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, archive.KindUnknown, nil //nolint:nilerr // who opens it tells
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, archive.KindUnknown, err
	}
	in := bufio.NewReaderSize(f, peekBytes)
	head, _ := in.Peek(archive.DetectBytes)
	if kind := archive.Detect(head); kind != archive.KindScript {
		return nil, kind, f.Close()
	}
	return struct {
		io.Reader
		io.Closer
	}{in, f}, archive.KindScript, nil
}

// peekBytes is what one read of the input takes: a pipe's usual capacity.
const peekBytes = 64 << 10

// peeked is an input whose beginning has been looked at.
type peeked struct {
	*bufio.Reader
	from io.Reader
}

// SetReadDeadline is the input's.
func (p *peeked) SetReadDeadline(t time.Time) error {
	if d, ok := p.from.(interface{ SetReadDeadline(t time.Time) error }); ok {
		return d.SetReadDeadline(t)
	}
	return errors.ErrUnsupported
}
