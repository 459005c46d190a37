package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	intSize = 4 // sizeof(int) wherever pg_dump runs
	maxInt  = math.MaxInt32

	chunkBytes = 64 << 10 // strings are read in steps of this size, so that a length alone takes no memory
)

// decoder reads the format's primitives. The first error sticks: from then on every read returns zero values, so that
// a run of fields can be read without a check after each; a loop must look at err.
type decoder struct {
	r       *bufio.Reader
	lim     Limits
	offset  int64 // of the next byte, from the start of the archive
	err     error
	scratch []byte // chunkBytes long
	words   map[string]string
}

func newDecoder(r io.Reader, lim Limits) decoder {
	return decoder{r: bufio.NewReaderSize(r, chunkBytes), lim: lim.withDefaults(), scratch: make([]byte, chunkBytes), words: map[string]string{}}
}

// fail records an error about what was just read; only the first one counts.
func (d *decoder) fail(field string, err error) {
	if d.err == nil {
		d.err = fmt.Errorf("%s: %w", field, err)
	}
}

// read fills p. An end of the stream is always io.ErrUnexpectedEOF: the format says how many bytes there must be.
func (d *decoder) read(field string, p []byte) bool {
	if d.err != nil {
		return false
	}
	if int64(len(p)) > d.lim.TotalBytes-d.offset {
		d.fail(field, fmt.Errorf("at offset %d: header and TOC are longer than the limit of %d bytes", d.offset, d.lim.TotalBytes))
		return false
	}
	n, err := io.ReadFull(d.r, p)
	d.offset += int64(n)
	d.ended(field, err)
	return d.err == nil
}

// ended records a reader's error. Where the format says that more must come, an end is io.ErrUnexpectedEOF.
func (d *decoder) ended(field string, err error) {
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		d.fail(field, fmt.Errorf("the archive ends at offset %d: %w", d.offset, io.ErrUnexpectedEOF))
	case err != nil:
		d.fail(field, fmt.Errorf("read at offset %d: %w", d.offset, err))
	}
}

func (d *decoder) byte(field string) byte {
	if !d.read(field, d.scratch[:1]) {
		return 0
	}
	return d.scratch[0]
}

// wide reads a sign byte and a magnitude, least significant byte first (ReadInt in pg_backup_archiver.c).
func (d *decoder) wide(field string) int64 {
	at, p := d.offset, d.scratch[:1+intSize]
	if !d.read(field, p) {
		return 0
	}
	n := int64(p[1]) | int64(p[2])<<8 | int64(p[3])<<16 | int64(p[4])<<24
	switch p[0] {
	case 0:
		return n
	case 1:
		return -n
	}
	d.fail(field, fmt.Errorf("sign byte %d at offset %d: must be 0 or 1", p[0], at))
	return 0
}

// int reads an integer that must lie between lo and hi.
func (d *decoder) int(field string, lo, hi int) int {
	at := d.offset
	n := d.wide(field)
	if d.err == nil && (n < int64(lo) || n > int64(hi)) {
		d.fail(field, fmt.Errorf("%d at offset %d: must be between %d and %d", n, at, lo, hi))
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

// str reads a string, or NULL (ReadStr in pg_backup_archiver.c).
func (d *decoder) str(field string) (s string, null bool) {
	text, null := d.text(field)
	return string(text), null
}

// word is str for what many entries have in common, such as a schema's name: they share one copy of it.
func (d *decoder) word(field string) (s string, null bool) {
	text, null := d.text(field)
	s, known := d.words[string(text)]
	if !known {
		s = string(text)
		d.words[s] = s
	}
	return s, null
}

// text is str for who needs the bytes only until the next read.
func (d *decoder) text(field string) (text []byte, null bool) {
	at := d.offset
	n := d.wide(field)
	switch {
	case d.err != nil:
	case n == -1:
		return nil, true
	case n < 0:
		d.fail(field, fmt.Errorf("string of %d bytes at offset %d", n, at))
	case n > d.lim.StringBytes:
		d.fail(field, fmt.Errorf("string of %d bytes at offset %d: more than the limit of %d", n, at, d.lim.StringBytes))
	case n > d.lim.TotalBytes-d.offset:
		d.fail(field, fmt.Errorf("string of %d bytes at offset %d: header and TOC are longer than the limit of %d bytes",
			n, at, d.lim.TotalBytes))
	}
	if d.err != nil {
		return nil, false
	}
	if n <= chunkBytes {
		if text = d.scratch[:n]; !d.read(field, text) {
			return nil, false
		}
	}
	for int64(len(text)) < n {
		p := d.scratch[:min(n-int64(len(text)), chunkBytes)]
		if !d.read(field, p) {
			return nil, false
		}
		text = append(text, p...)
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		d.fail(field, fmt.Errorf("zero byte at offset %d", d.offset-int64(len(text))+int64(i)))
		return nil, false
	}
	return text, false
}
