package archive

import (
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Next goes to the next data block in the order of the stream, after ReadTOC. What was not read of the block before is
// left out without being decompressed. The Data is valid until the next call.
//
// Behind the last block it returns io.EOF, if the data of all entries has come; else an io.ErrUnexpectedEOF that names
// the first of those that are missing. A block of an unknown entry, of one without data, or of one whose data has come
// before, is an error.
func (r *Reader) Next() (*Data, error) {
	if r.err == nil {
		r.err = r.advance()
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.current, nil
}

func (r *Reader) advance() error {
	if r.toc == nil {
		return errors.New("the TOC of this archive has not been read")
	}
	if r.current != nil {
		if err := r.current.finish(); err != nil {
			return err
		}
		r.current = nil
	}
	if r.tar != nil {
		return r.advanceTar()
	}
	start := r.d.offset
	next, err := r.d.r.Peek(1)
	switch {
	case errors.Is(err, io.EOF):
		return r.ended()
	case err == nil && next[0] == 0 && len(r.seen) == r.withData:
		return r.tocAgain()
	}
	e, objects, err := r.d.blockHeader(r.toc)
	if err != nil {
		return err
	}
	r.block.open(&r.d, customMethod(r.toc.Header.Compression.Algorithm), start, objects)
	return r.give(e, &r.block, start)
}

// give makes src the data that Next returns.
func (r *Reader) give(e *Entry, src source, start int64) error {
	if r.seen[e.DumpID] {
		return fmt.Errorf("%s: data for a second time at offset %d", e.label(), start)
	}
	r.seen[e.DumpID] = true
	r.current = &Data{entry: e, src: src, codec: &r.codec}
	return nil
}

// tocAgain reads what pg_dump --format=custom > FILE leaves, from 16 on, behind the data: the TOC for a second time, now with offsets. It
// should have gone in the place of the first, but pg_dump has opened its stdout to append (_allocAH in
// pg_backup_archiver.c). Anything else is an error.
func (r *Reader) tocAgain() error {
	const where = "behind the data, in what should be a second copy of the TOC"
	d := &r.d
	at := d.offset
	if n := d.wide("number of entries"); d.err == nil && n != int64(len(r.toc.Entries)) {
		return fmt.Errorf("%s: %d entries at offset %d: must be %d", where, n, at, len(r.toc.Entries))
	}
	for i := 0; i < len(r.toc.Entries) && d.err == nil; i++ {
		at = d.offset
		e, first := d.entry(&r.toc.Header), r.toc.Entries[i]
		e.Offset = first.Offset
		if d.err == nil && !reflect.DeepEqual(e, first) {
			return fmt.Errorf("%s: the entry at offset %d is not that of %s", where, at, first.label())
		}
	}
	if d.err != nil {
		return fmt.Errorf("%s: %w", where, d.err)
	}
	if _, err := d.r.Peek(1); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: there is more at offset %d", where, d.offset)
	}
	return io.EOF
}

// ended is what Next says at the end of the stream.
func (r *Reader) ended() error {
	missing := r.Missing()
	if len(missing) == 0 {
		return io.EOF
	}
	more := ""
	if n := len(missing) - 1; n > 0 {
		more = fmt.Sprintf(", and that of %d more", n)
	}
	return fmt.Errorf("the archive ends at offset %d; the data of %s is missing%s: %w", r.d.offset, missing[0].label(), more, io.ErrUnexpectedEOF)
}

// Missing returns the entries with data whose block has not come so far; they are the TOC's own.
func (r *Reader) Missing() []*Entry {
	if r.toc == nil {
		return nil
	}
	var missing []*Entry
	for i := range r.toc.Entries {
		if e := &r.toc.Entries[i]; e.HadDumper && !r.seen[e.DumpID] {
			missing = append(missing, e)
		}
	}
	return missing
}

// Offset returns how many bytes of the stream have been taken so far.
func (r *Reader) Offset() int64 { return r.d.offset }

// blockHeader reads the type of a data block and the id of its entry (_readBlockHeader in pg_backup_custom.c).
func (d *decoder) blockHeader(toc *TOC) (e *Entry, objects bool, err error) {
	at := d.offset
	kind := d.byte("type of a data block")
	if d.err == nil && kind != blockRows && kind != blockObjects {
		d.fail("type of a data block", fmt.Errorf("%d at offset %d: must be %d or %d", kind, at, blockRows, blockObjects))
	}
	id := d.int("dump id of a data block", 1, maxInt)
	if d.err != nil {
		return nil, false, d.err
	}
	e = toc.ByID(id)
	switch {
	case e == nil:
		return nil, false, fmt.Errorf("data block at offset %d: the TOC has no entry with dump id %d", at, id)
	case !e.HadDumper:
		return nil, false, fmt.Errorf("data block at offset %d: %s has no data by the TOC", at, e.label())
	case e.isBlobs() != (kind == blockObjects):
		return nil, false, fmt.Errorf("data block at offset %d: type %d does not fit %s", at, kind, e.label())
	}
	return e, kind == blockObjects, nil
}
