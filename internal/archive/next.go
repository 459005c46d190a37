package archive

import (
	"errors"
	"fmt"
	"io"
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
	start := r.d.offset
	if _, err := r.d.r.Peek(1); errors.Is(err, io.EOF) {
		return r.ended()
	}
	e, objects, err := r.d.blockHeader(r.toc)
	if err != nil {
		return err
	}
	if r.seen[e.DumpID] {
		return fmt.Errorf("%s: a second data block at offset %d", e.label(), start)
	}
	r.seen[e.DumpID] = true
	r.block.open(&r.d, start, objects)
	r.current = &Data{entry: e, src: &r.block, codec: &r.codec, method: customMethod(r.toc.Header.Compression.Algorithm)}
	return nil
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
