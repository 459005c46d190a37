package script

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"pgsluice/internal/archive"
)

// Options says what goes into a script. The zero value is all.
type Options struct {
	Selection     archive.Selection // Selection.Database is ignored: a script is run in the database that it is to fill
	NoOwner       bool
	NoTablespaces bool
	Token         string // of \restrict, letters and digits; "" makes one by chance
}

// Writer writes one script. For each entry with data, in the order of [Writer.NextData], come Begin, the data and End;
// what stands between in the TOC is written by itself. It is for one goroutine. The first error sticks.
type Writer struct {
	w        *bufio.Writer
	toc      *archive.TOC
	opt      Options
	selected *archive.Selected
	ahead    []*archive.Entry // of the main pass, not written yet
	session  session
	block    block
	closed   bool
}

// writerBytes is the size of the buffer in front of the underlying writer.
const writerBytes = 64 << 10

// NewWriter writes the beginning of the script. The TOC must not change before Close. It does not close w.
func NewWriter(w io.Writer, toc *archive.TOC, opt Options) (*Writer, error) {
	opt.Selection.Database = false
	if opt.Token == "" {
		opt.Token = rand.Text()
	}
	selected, err := opt.Selection.Select(toc)
	if err != nil {
		return nil, err
	}
	sw := &Writer{w: bufio.NewWriterSize(w, writerBytes), toc: toc, opt: opt, selected: selected}
	sw.ahead = sw.pass(archive.MainPass)
	sw.preamble()
	return sw, sw.w.Flush()
}

func (w *Writer) pass(p archive.Pass) []*archive.Entry {
	var all []*archive.Entry
	for _, e := range w.selected.Entries() {
		if w.selected.Wants(e) && e.Pass() == p {
			all = append(all, e)
		}
	}
	return all
}

// NextData returns the entry whose data comes next, nil if all has been written.
func (w *Writer) NextData() *archive.Entry {
	for _, e := range w.ahead {
		if w.selected.WantsData(e) {
			return e
		}
	}
	return nil
}

// DataOrder returns the dump ids of the entries whose data comes, in the order in which it must.
func (w *Writer) DataOrder() []int {
	var order []int
	for _, e := range w.ahead {
		if w.selected.WantsData(e) {
			order = append(order, e.DumpID)
		}
	}
	return order
}

// Wants reports whether the script has data of e.
func (w *Writer) Wants(e *archive.Entry) bool { return w.selected.WantsData(e) }

// Begin writes what comes before the data of e, which must be NextData's. Then come Write calls, or for BLOBS BeginObject,
// Write calls and EndObject for each large object, and then End.
func (w *Writer) Begin(e *archive.Entry) error {
	next := w.NextData()
	switch {
	case w.block.entry != nil:
		return fmt.Errorf("%s: its data has not ended", name(w.block.entry))
	case next == nil:
		return fmt.Errorf("%s: no more data is expected", name(e))
	case next.DumpID != e.DumpID:
		return fmt.Errorf("%s: a script needs the data of %s before", name(e), name(next))
	}
	if err := w.upTo(next); err != nil {
		return err
	}
	w.begin(next)
	return w.flushed()
}

// upTo writes the entries before e, and takes e itself from what is ahead. With nil it writes all.
func (w *Writer) upTo(e *archive.Entry) error {
	for len(w.ahead) > 0 {
		next := w.ahead[0]
		w.ahead = w.ahead[1:]
		if e != nil && next.DumpID == e.DumpID {
			break
		}
		if err := w.entry(next); err != nil {
			return fmt.Errorf("%s: %w", name(next), err)
		}
	}
	return nil
}

// Close writes the rest of the script and its last line. If data is missing that is an error, and the script stays
// without the line that says that it is complete. Only the first call does something.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	if w.block.entry != nil {
		return fmt.Errorf("%s: its data has not ended", name(w.block.entry))
	}
	if next := w.NextData(); next != nil {
		return fmt.Errorf("%s: its data is missing", name(next))
	}
	err := w.upTo(nil)
	for _, p := range []archive.Pass{archive.ACLPass, archive.PostACLPass} {
		if err == nil {
			w.ahead = w.pass(p)
			err = w.upTo(nil)
		}
	}
	if err != nil {
		return errors.Join(err, w.w.Flush())
	}
	w.print("--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict ", w.opt.Token, "\n\n")
	return w.w.Flush()
}

// print writes strings; bufio keeps the first error for flushed and Flush.
func (w *Writer) print(all ...string) {
	for _, s := range all {
		if _, err := w.w.WriteString(s); err != nil {
			return
		}
	}
}

// flushed returns the error of the writes so far, if any.
func (w *Writer) flushed() error {
	_, err := w.w.Write(nil)
	return err
}

func name(e *archive.Entry) string {
	if e.Namespace == "" {
		return e.Desc + " " + e.Tag
	}
	return e.Desc + " " + e.Namespace + "." + e.Tag
}
