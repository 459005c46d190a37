package stages

import (
	"bytes"
	"errors"
	"io"
)

// rowReader reads rows of an archive. Its buffer serves one table after the other.
type rowReader struct{ buf []byte }

// each calls f with the rows that open gives, in full chunks but the last, and with how many rows end in each; it returns their sum. The reader's
// own end is what tells that they are all there.
func (r *rowReader) each(open func() (io.ReadCloser, error), f func(p []byte, rows int64) error) (sum int64, err error) {
	src, err := open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if r.buf == nil {
		r.buf = make([]byte, ChunkBytes)
	}
	for ended := false; !ended; {
		var n int
		if n, ended, err = fill(src, r.buf); err != nil {
			return sum, err
		}
		if n == 0 {
			break
		}
		rows := int64(bytes.Count(r.buf[:n], newline))
		sum += rows
		if err := f(r.buf[:n], rows); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// fill reads until p is full or r has ended. It is not io.ReadFull, whose word for an end within p is also that of a reader that was cut off.
func fill(r io.Reader, p []byte) (n int, ended bool, err error) {
	for n < len(p) {
		read, err := r.Read(p[n:])
		n += read
		switch {
		case err == io.EOF:
			return n, true, nil
		case err != nil:
			return n, false, err
		}
	}
	return n, false, nil
}

var newline = []byte{'\n'}
