package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Rows gives the rows that follow a COPY, as COPY text without the line that ends them. io.EOF comes only behind that line.
type Rows struct {
	r     *Reader
	buf   []byte // read and not given
	room  []byte // what buf lies in, but for what was read with the statement
	start bool   // buf begins at the start of a line
	ended bool
	err   error
}

// rowBytes is how much a read asks for.
const rowBytes = 64 << 10

// beginRows makes step a COPY. psql takes rows from the line behind the statement's.
func (r *Reader) beginRows(step *Step) error {
	end := strings.IndexByte(r.text, '\n')
	for end < 0 && !r.ended {
		if err := r.more(); err != nil {
			return err
		}
		end = strings.IndexByte(r.text, '\n')
	}
	if end < 0 {
		return r.fail(fmt.Errorf("the script ends before the rows of %s: %w", r.of, io.ErrUnexpectedEOF))
	}
	if strings.TrimSpace(r.text[:end]) != "" {
		return r.fail(errors.New("more behind COPY … FROM stdin in its line"))
	}
	r.use(end + 1)
	step.Rows = &Rows{r: r, start: true, buf: []byte(r.text)}
	r.rows, r.text = step.Rows, ""
	return nil
}

// afterRows takes back what has been read behind the rows.
func (r *Reader) afterRows() error {
	rows := r.rows
	switch {
	case rows.err != nil:
		return rows.err
	case !rows.ended:
		return r.fail(fmt.Errorf("%s: its rows were not read", r.of))
	}
	r.text, r.rows = string(rows.buf), nil
	rows.buf, rows.room = nil, nil
	return nil
}

// Read gives rows as they come.
func (rows *Rows) Read(p []byte) (int, error) {
	for rows.err == nil && !rows.ended && len(p) > 0 {
		n, mark := rows.given()
		if n > 0 {
			n = copy(p, rows.buf[:n])
			rows.take(n)
			return n, nil
		}
		if mark > 0 {
			rows.take(mark)
			rows.ended = true
			break
		}
		rows.fill()
	}
	switch {
	case rows.err != nil:
		return 0, rows.err
	case rows.ended:
		return 0, io.EOF
	}
	return 0, nil
}

// given returns how many bytes of buf are rows for sure, up to the end mark if it is in there; if none are, mark is the
// length of the mark that buf begins with.
func (rows *Rows) given() (n, mark int) {
	if rows.start {
		if mark, whole := markLength(rows.buf); mark > 0 || !whole {
			return 0, mark
		}
	}
	if i := bytes.Index(rows.buf, []byte(markStart)); i >= 0 {
		return i + 1, 0
	}
	// what a mark may begin with must wait for more, but for a line end that is known to end a row
	if bytes.HasSuffix(rows.buf, []byte("\n\\")) {
		return len(rows.buf) - 1, 0
	}
	return len(rows.buf), 0
}

// markLength returns the length of the end mark that p begins with, 0 if it begins with something else. whole is false
// if p is too short to tell.
func markLength(p []byte) (n int, whole bool) {
	for _, mark := range []string{"\\.\n", "\\.\r\n"} {
		switch {
		case len(p) >= len(mark) && string(p[:len(mark)]) == mark:
			return len(mark), true
		case len(p) < len(mark) && string(p) == mark[:len(p)]:
			return 0, false
		}
	}
	return 0, true
}

// take passes over n bytes of buf.
func (rows *Rows) take(n int) {
	rows.r.line += bytes.Count(rows.buf[:n], []byte{'\n'})
	rows.start = rows.buf[n-1] == '\n'
	rows.buf = rows.buf[n:]
}

// fill reads what has come.
func (rows *Rows) fill() {
	if rows.r.ended {
		rows.err = rows.r.fail(fmt.Errorf("the script ends within the rows of %s: %w", rows.r.of, io.ErrUnexpectedEOF))
		return
	}
	if rows.room == nil {
		rows.room = make([]byte, rowBytes)
	}
	held := copy(rows.room, rows.buf) // a few bytes, which may begin an end mark
	n, err := rows.r.r.Read(rows.room[held:])
	rows.buf = rows.room[:held+n]
	switch {
	case errors.Is(err, io.EOF):
		rows.r.ended = true
	case err != nil:
		rows.err = err
	}
}
