package stages

import (
	"bytes"
	"errors"
	"io"
)

// rowsEnd is what pg_dump writes behind a table's rows (dumpTableData_copy in pg_dump.c): the end mark of COPY text, and two empty lines.
const rowsEnd = "\\.\n\n\n"

// rowReader reads rows of an archive. Its buffer serves one table after the other.
type rowReader struct {
	buf []byte // ChunkBytes, and room for what may be the end mark
}

// each calls f with the rows that open gives, in full chunks but the last, and with how many rows end in each; it returns their sum. Without an
// end mark all bytes are rows: the reader's own end is what tells that they are all there.
func (r *rowReader) each(open func() (io.ReadCloser, error), f func(p []byte, rows int64) error) (sum int64, err error) {
	src, err := open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if r.buf == nil {
		r.buf = make([]byte, ChunkBytes+len(rowsEnd))
	}
	send := func(p []byte) error {
		n := int64(bytes.Count(p, newline))
		sum += n
		return f(p, n)
	}
	last := byte('\n') // sent before
	held := 0
	for {
		n, ended, err := fill(src, r.buf[held:])
		held += n
		switch {
		case err != nil:
			return sum, err
		case !ended:
			if err := send(r.buf[:ChunkBytes]); err != nil {
				return sum, err
			}
			last = r.buf[ChunkBytes-1]
			held = copy(r.buf, r.buf[ChunkBytes:])
			continue
		}
		p := withoutEnd(r.buf[:held], last)
		for len(p) > 0 {
			part := p[:min(len(p), ChunkBytes)]
			if err := send(part); err != nil {
				return sum, err
			}
			p = p[len(part):]
		}
		return sum, nil
	}
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

// withoutEnd cuts the end mark off the last bytes of a table, before which last came. Rows never look like it: a backslash in one is doubled.
func withoutEnd(p []byte, last byte) []byte {
	rest, found := bytes.CutSuffix(p, []byte(rowsEnd))
	if !found || len(rest) > 0 && rest[len(rest)-1] != '\n' || len(rest) == 0 && last != '\n' {
		return p
	}
	return rest
}
