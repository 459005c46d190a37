package script

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"pgsluice/internal/archive"
)

// block is the data that is being written.
type block struct {
	entry  *archive.Entry
	rows   bool   // COPY's, not statements of --inserts
	tail   []byte // of rows: the last two bytes written
	object bool   // a large object is open
	held   []byte // its bytes, less than largeObjectBytes
}

// largeObjectBytes is how much of a large object one lowrite call writes (LOBBUFSIZE). Its statement has twice that.
const largeObjectBytes = 16 << 10

// begin writes the comment and what the data stands behind. begin's errors come with the next flushed.
func (w *Writer) begin(e *archive.Entry) {
	if w.selected.Parts(e)&archive.SchemaPart != 0 {
		_ = w.printEntry(e, ofObject) // its error sticks to the buffer
	}
	_ = w.printEntry(e, ofData)
	w.block = block{entry: e, rows: e.CopyStmt != "", tail: []byte{'\n'}}
	switch {
	case e.Desc == "BLOBS":
		w.selectSchema("pg_catalog")
		w.print("BEGIN;\n\n")
	case w.block.rows:
		w.print(e.CopyStmt)
	}
}

// Write writes rows as COPY text, which may be cut anywhere, or bytes of the large object that is open.
// End writes the end mark behind rows.
func (w *Writer) Write(p []byte) (int, error) {
	switch {
	case w.block.entry == nil:
		return 0, fmt.Errorf("data outside of an entry")
	case w.block.entry.Desc == "BLOBS":
		return w.writeObject(p)
	case w.block.rows:
		if err := w.block.check(p); err != nil {
			return 0, err
		}
	}
	return w.w.Write(p)
}

const (
	// blockEnd is what pg_dump writes behind rows (dumpTableData_copy).
	blockEnd = "\\.\n\n\n"
	// markStart is how a line begins that psql or the server may take for their end. COPY writes a value of that form
	// otherwise.
	markStart = "\n\\."
)

// check refuses rows with an end mark of their own: what follows it would be statements.
func (b *block) check(p []byte) error {
	const before = len(markStart) - 1
	seam := slices.Concat(b.tail, p[:min(len(p), before)])
	if bytes.Contains(seam, []byte(markStart)) || bytes.Contains(p, []byte(markStart)) {
		return fmt.Errorf("%s: its rows hold a line that begins like COPY's end mark", name(b.entry))
	}
	last := slices.Concat(b.tail, p[max(0, len(p)-before):])
	b.tail = last[max(0, len(last)-before):]
	return nil
}

// End ends the data of the entry. Rows that don't end with a line end are an error.
func (w *Writer) End() error {
	b := &w.block
	switch {
	case b.entry == nil:
		return fmt.Errorf("no data has begun")
	case b.object:
		return fmt.Errorf("%s: a large object has not ended", name(b.entry))
	case b.entry.Desc == "BLOBS":
		w.print("COMMIT;\n\n")
	case b.rows && b.tail[len(b.tail)-1] != '\n':
		return fmt.Errorf("%s: its data ends within a row", name(b.entry))
	case b.rows:
		w.print(blockEnd)
	}
	*b = block{}
	return w.flushed()
}

// BeginObject begins a large object of a BLOBS entry (StartRestoreLO).
func (w *Writer) BeginObject(oid uint32) error {
	b := &w.block
	if b.entry == nil || b.entry.Desc != "BLOBS" || b.object {
		return fmt.Errorf("large object %d: not its place", oid)
	}
	b.object = true
	const forWriting = "131072" // INV_WRITE in libpq-fs.h
	w.print("SELECT pg_catalog.lo_open('", strconv.FormatUint(uint64(oid), 10), "', "+forWriting+");\n")
	return w.flushed()
}

func (w *Writer) writeObject(p []byte) (int, error) {
	b := &w.block
	if !b.object {
		return 0, fmt.Errorf("%s: data outside of a large object", name(b.entry))
	}
	for rest := p; len(rest) > 0; {
		if len(b.held) == largeObjectBytes {
			w.writeHeld()
		}
		n := min(len(rest), largeObjectBytes-len(b.held))
		b.held = append(b.held, rest[:n]...)
		rest = rest[n:]
	}
	return len(p), w.flushed()
}

// writeHeld writes one lowrite call (dump_lo_buf).
func (w *Writer) writeHeld() {
	backslash := `\x`
	if !w.toc.StdStrings() {
		backslash = `\\x`
	}
	w.print("SELECT pg_catalog.lowrite(0, '", backslash, hex.EncodeToString(w.block.held), "');\n")
	w.block.held = w.block.held[:0]
}

// EndObject ends the large object that is open.
func (w *Writer) EndObject() error {
	if !w.block.object {
		return fmt.Errorf("no large object has begun")
	}
	if len(w.block.held) > 0 {
		w.writeHeld()
	}
	w.block.object = false
	w.print("SELECT pg_catalog.lo_close(0);\n\n")
	return w.flushed()
}
