package transfer

import (
	"io"

	"pgsluice/internal/archive"
	"pgsluice/internal/progress"
	"pgsluice/internal/script"
)

// scriptBinder puts data into a script, between its statements.
type scriptBinder struct {
	*script.Writer
	below *memberWriter
}

// newScript begins a script, compressed as a whole if that is wanted.
func (d *dump) newScript(w io.Writer) (binder, error) {
	below, err := newMemberWriter(counted{w, d.Progress}, d.streamCompression())
	if err != nil {
		return nil, err
	}
	sw, err := script.NewWriter(below, d.toc, script.Options{NoOwner: d.opt.Selection.NoOwner, NoTablespaces: d.opt.Selection.NoTablespaces})
	return scriptBinder{sw, below}, err
}

// Append writes rows, which are not compressed.
func (s scriptBinder) Append(rows archive.Segment) error {
	_, err := s.Write(rows.Compressed())
	return err
}

// Close writes what follows the data.
func (s scriptBinder) Close() error {
	if err := s.Writer.Close(); err != nil {
		return err
	}
	return s.below.Close()
}

// memberWriter compresses a stream as the file of its method has it, one member or frame behind the other: gunzip, lz4 and zstd
// read them as one. Close writes the last one, and does not close the writer below.
type memberWriter struct {
	to        io.Writer
	segmenter *archive.Segmenter // nil: nothing is compressed
	buf       []byte
}

func newMemberWriter(to io.Writer, c archive.Compression) (*memberWriter, error) {
	w := &memberWriter{to: to}
	if c.Algorithm == archive.NoCompression {
		return w, nil
	}
	var err error
	w.segmenter, err = archive.NewSegmenter(c, archive.FormatDirectory)
	w.buf = make([]byte, 0, segmentBytes)
	return w, err
}

func (w *memberWriter) Write(p []byte) (int, error) {
	if w.segmenter == nil {
		return w.to.Write(p)
	}
	for rest := p; len(rest) > 0; {
		n := min(len(rest), cap(w.buf)-len(w.buf))
		w.buf, rest = append(w.buf, rest[:n]...), rest[n:]
		if len(w.buf) == cap(w.buf) {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

func (w *memberWriter) flush() error {
	segment, err := w.segmenter.Segment(w.buf)
	if err == nil {
		_, err = w.to.Write(segment.Compressed())
		w.segmenter.Recycle(segment)
	}
	w.buf = w.buf[:0]
	return err
}

// Close writes what is held.
func (w *memberWriter) Close() error {
	if w.segmenter == nil || len(w.buf) == 0 {
		return nil
	}
	return w.flush()
}

// counted tells progress what goes to the output.
type counted struct {
	io.Writer
	progress *progress.Tracker
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.progress.Wrote(int64(n))
	return n, err
}
