package script

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"pgsluice/internal/archive"
)

// Step is one thing to do of a script: a statement, or a COPY with its rows.
type Step struct {
	SQL  string // without the semicolon
	Line int    // of its first letter, from 1
	Of   Object // what the comment over it says that it belongs to
	Rows *Rows  // of a COPY FROM stdin, else nil
}

// Reader takes a script of pg_dump's or pg_restore's apart, in a stream, in memory for its longest statement. It is for one
// goroutine. What pg_dump does not write in a script for one database is refused: psql's commands but for \restrict and
// \unrestrict, and other forms of COPY FROM stdin. All errors name the line.
type Reader struct {
	r     io.Reader
	ended bool // r has given io.EOF
	max   int

	text  string // read and not used; begins in line
	line  int
	begun bool

	of       Object
	token    string // of the \restrict that is in force
	complete bool   // the line that pg_dump ends with has come
	cluster  bool   // the line that pg_dumpall begins with has come
	rows     *Rows
	err      error
}

// maxStatement is what a statement may have: the server takes no longer one.
const maxStatement = 1 << 30

// firstRead is what a Reader asks for at first; statements are mostly far shorter.
const firstRead = 64 << 10

// NewReader returns a Reader of the script in r. It does not close r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r, max: maxStatement, line: 1} }

// Next returns the next step. Rows that were not read of the step before are an error. Behind the last one it returns io.EOF,
// if the script has the line that pg_dump writes when all is done, else an io.ErrUnexpectedEOF.
func (r *Reader) Next() (*Step, error) {
	if r.err == nil && r.rows != nil {
		r.err = r.afterRows()
	}
	if r.err != nil {
		return nil, r.err
	}
	step, err := r.next()
	r.err = err
	return step, err
}

func (r *Reader) next() (*Step, error) {
	for {
		s := archive.ScanScript(r.text)
		switch {
		case s.Kind == archive.ScanMore && !r.ended:
			if err := r.more(); err != nil {
				return nil, err
			}
		case s.Kind == archive.ScanMore:
			return nil, r.end(s)
		case s.Kind == archive.ScanCommand:
			r.comments(r.text[:s.Start])
			r.use(s.Start)
			if s.End > s.Start {
				r.use(s.End - s.Start)
				return nil, r.fail(errors.New("a psql command within a statement"))
			}
			if err := r.command(); err != nil {
				return nil, err
			}
		default:
			r.comments(r.text[:s.Start])
			r.use(s.Start)
			return r.statement(s.End - s.Start)
		}
	}
}

// more reads at least as much as there is: so a long statement is looked through a few times, not for each read.
func (r *Reader) more() error {
	if len(r.text) > r.max {
		return r.fail(fmt.Errorf("a statement of more than %d bytes", r.max))
	}
	p := make([]byte, max(firstRead, len(r.text)))
	least := max(len("\ufeff"), len(r.text))
	n, err := io.ReadAtLeast(r.r, p, least)
	if r.text += string(p[:n]); !r.begun {
		r.begun, r.text = true, strings.TrimPrefix(r.text, "\ufeff") // as editors put it there
	}
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		r.ended = true
	case err != nil:
		return err
	}
	return nil
}

// statement takes the next n bytes, which are one.
func (r *Reader) statement(n int) (*Step, error) {
	if err := r.check(r.text[:n]); err != nil {
		return nil, r.fail(err)
	}
	step := &Step{SQL: strings.Clone(r.text[:n-1]), Line: r.line, Of: r.of}
	copies, err := takesRows(step.SQL)
	if err != nil {
		return nil, r.fail(err)
	}
	r.use(n)
	if copies {
		return step, r.beginRows(step)
	}
	return step, nil
}

// takesRows reports whether a statement is followed by rows.
func takesRows(sql string) (bool, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	if !strings.EqualFold(first, "copy") {
		return false, nil
	}
	if _, _, err := archive.ParseCopyStmt(sql); err != nil {
		return false, fmt.Errorf("not a COPY as pg_dump writes it: %w", err)
	}
	return true, nil
}

// use passes over the next n bytes of the text.
func (r *Reader) use(n int) {
	r.line += strings.Count(r.text[:n], "\n")
	r.text = r.text[n:]
}

// end is what Next says at the end of the input.
func (r *Reader) end(s archive.Scan) error {
	r.comments(r.text[:s.Start])
	statement := s.Start < len(r.text)
	r.use(s.Start)
	switch {
	case statement:
		return r.fail(fmt.Errorf("the script ends within a statement: %w", io.ErrUnexpectedEOF))
	case !r.complete:
		return r.fail(fmt.Errorf("the script ends before the line %q: %w", dumpComplete, io.ErrUnexpectedEOF))
	case r.token != "":
		return r.fail(fmt.Errorf(`the script ends before its \unrestrict: %w`, io.ErrUnexpectedEOF))
	}
	return io.EOF
}

func (r *Reader) fail(err error) error { return fmt.Errorf("line %d: %w", r.line, err) }
