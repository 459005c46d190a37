package archive

import (
	"errors"
	"fmt"
	"io"
)

// Data is the data of one entry while it is read: rows as COPY text, or, of a BLOBS entry, large objects, or, of an entry
// without a CopyStmt, SQL statements (pg_dump --inserts). It is for one goroutine. Data got from a [Reader] is valid until the Reader's Next, data got from a [File] until its Close.
//
// Errors name the entry and the offset in the archive (in a directory the file and the offset in that). They stick.
type Data struct {
	entry      *Entry
	src        source
	codec      *codec
	rows       rowsReader
	begun      bool   // the codec has been set to the bytes in work
	inObject   bool   // NextObject has been called
	objectOver bool   // and all of the object has been read
	release    func() // gives the codec back
	took       int64  // what Taken says once src is gone
	err        error  // what Read and NextObject give from now on
}

// source is what the formats make of the bytes of one entry. Its Read gives io.EOF only where the archive itself says that
// the rows, or the large object in work, are complete.
type source interface {
	io.Reader
	nextObject() (uint32, error) // io.EOF behind the last one; leaves out what was not read of the one before
	finish() error               // leaves out what was not read
	method() method              // how the rows, or the large object in work, are compressed
	sure() bool                  // where they are not compressed: they have an end mark, or a length, of their own
	taken() int64                // bytes of the archive
	fault() error                // the error that ended reading, if it was in the bytes beneath
	where() string               // for messages
	close() error
}

// Entry returns the entry that the data belongs to; it is the TOC's own.
func (d *Data) Entry() *Entry { return d.entry }

// Taken returns how many bytes of the archive have been taken for this entry so far. Of a compressed entry a decoder
// may hold some of them back.
func (d *Data) Taken() int64 {
	if d.src == nil {
		return d.took
	}
	return d.src.taken()
}

// Read gives the rows without the line \. that archives have behind them, or the large object in work, decompressed. It returns io.EOF only after the end mark of the archive
// and the end of the compressed stream were seen, and checksums agreed. A stream that ends before is an
// io.ErrUnexpectedEOF.
func (d *Data) Read(p []byte) (int, error) {
	switch {
	case d.err != nil:
		return 0, d.err
	case d.entry.isBlobs() && !d.inObject:
		return 0, d.fail(errors.New("read of large objects before NextObject"))
	case d.objectOver:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	if !d.begun {
		if err := d.codec.reset(d.src.method(), d.src); err != nil {
			return 0, d.fail(d.explain(err))
		}
		d.begun = true
		d.rows.reset(d.codec, d.src.method() == stored && !d.src.sure())
	}
	r := io.Reader(d.codec)
	if d.entry.isCopy() {
		r = &d.rows
	}
	n, err := r.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && d.src.fault() == nil:
		if d.inObject {
			d.objectOver = true
		} else {
			d.err = io.EOF
		}
		err = io.EOF
	default:
		err = d.fail(d.explain(err))
	}
	return n, err
}

// NextObject goes to the next large object of a BLOBS entry; Read then gives its contents. It returns io.EOF behind the
// last one. What was not read of the object before is left out.
func (d *Data) NextObject() (oid uint32, err error) {
	if d.err != nil {
		return 0, d.err
	}
	if !d.entry.isBlobs() {
		return 0, fmt.Errorf("%s: it has no large objects", d.entry.label())
	}
	d.begun, d.inObject, d.objectOver = false, false, false
	oid, err = d.src.nextObject()
	switch {
	case errors.Is(err, io.EOF):
		d.err = io.EOF
		return 0, io.EOF
	case err != nil:
		return 0, d.fail(err)
	}
	d.inObject = true
	return oid, nil
}

// Close ends the reading of data got by [File.Open]; what was not read is not looked at. It may be called twice.
func (d *Data) Close() error {
	if d.release == nil {
		return nil
	}
	d.release()
	d.release = nil
	src := d.src
	d.leave("read of data that is closed")
	return src.close()
}

// finish leaves out what was not read, so that the stream stands behind the data.
func (d *Data) finish() error {
	if d.err != nil && !errors.Is(d.err, io.EOF) {
		return d.err
	}
	if err := d.src.finish(); err != nil {
		return d.fail(err)
	}
	d.leave("read of data that the reader has left behind")
	return nil
}

// leave ends the use of what others use from now on.
func (d *Data) leave(why string) {
	d.took = d.src.taken()
	d.src, d.codec, d.err = nil, nil, errors.New(why)
}

func (d *Data) fail(err error) error {
	d.err = fmt.Errorf("%s: %w", d.entry.label(), err)
	return d.err
}

// explain turns a decoder's complaint into one about the archive.
func (d *Data) explain(err error) error {
	switch fault := d.src.fault(); {
	case fault != nil:
		return fault
	case errors.Is(err, errNoEndMark):
		return fmt.Errorf("%w, %s", err, d.src.where())
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the %s stream is cut off %s: %w", d.src.method(), d.src.where(), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("%s %s: %w", d.src.method(), d.src.where(), err)
}
