package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// endMark is what pg_dump writes behind the rows of a COPY (dumpTableData_copy in pg_dump.c). It belongs to psql's scripts
// and not to the rows.
const endMark = "\\.\n\n\n"

// rowsReader gives the rows without the end mark behind them. Data without one is given as it is, since pg_restore does so too,
// but where nothing else tells that it is complete.
type rowsReader struct {
	r       io.Reader
	pending []byte // decompressed, and not given to a caller whose slice is short
	held    []byte // the last bytes that came, which may be the end mark
	ended   bool
	strict  bool // the mark must be there
	room    [1 + len(endMark)]byte
	small   [512]byte
}

var errNoEndMark = fmt.Errorf("no line \\. behind the rows, so some may be missing: %w", io.ErrUnexpectedEOF)

func (t *rowsReader) reset(r io.Reader, strict bool) { *t = rowsReader{r: r, strict: strict} }

func (t *rowsReader) Read(p []byte) (int, error) {
	if len(t.pending) == 0 && len(p) >= len(t.small) {
		return t.read(p)
	}
	if len(t.pending) == 0 {
		n, err := t.read(t.small[:])
		if n == 0 {
			return 0, err
		}
		t.pending = t.small[:n]
	}
	n := copy(p, t.pending)
	t.pending = t.pending[n:]
	return n, nil
}

// read fills p, which is longer than what is held back.
func (t *rowsReader) read(p []byte) (int, error) {
	for !t.ended {
		n := copy(p, t.held)
		m, err := t.r.Read(p[n:])
		n += m
		switch {
		case errors.Is(err, io.EOF):
			t.ended = true
			rows := withoutEndMark(p[:n])
			if len(rows) == n && t.strict {
				return 0, errNoEndMark
			}
			if len(rows) > 0 {
				return len(rows), nil
			}
			return 0, io.EOF
		case err != nil:
			return 0, err
		}
		keep := min(n, len(t.room))
		t.held = append(t.room[:0], p[n-keep:n]...)
		if n > keep {
			return n - keep, nil
		}
	}
	return 0, io.EOF
}

// withoutEndMark cuts an end mark that stands in a line of its own.
func withoutEndMark(p []byte) []byte {
	rows, ok := bytes.CutSuffix(bytes.TrimRight(p, "\n"), []byte(`\.`))
	if !ok || len(rows) > 0 && rows[len(rows)-1] != '\n' || len(p)-len(rows) > len(endMark) {
		return p
	}
	return rows
}
