package archive

import "errors"

var errLater = errors.New("not built yet")

// Data is the data of one entry, while it is read.
type Data struct{ entry *Entry }

// Entry returns the entry that the data belongs to; it is the TOC's own.
func (d *Data) Entry() *Entry { return d.entry }

// Read gives the rows as COPY text, decompressed.
func (d *Data) Read(p []byte) (int, error) { return 0, errLater }

// NextObject goes to the next large object of a BLOBS entry.
func (d *Data) NextObject() (oid uint32, err error) { return 0, errLater }

// Taken returns how many bytes of the archive have been taken for the entry.
func (d *Data) Taken() int64 { return 0 }

// Close ends the reading of data got by [File.Open].
func (d *Data) Close() error { return nil }

// Next goes to the next data block.
func (r *Reader) Next() (*Data, error) { return nil, errLater }

// Missing returns the entries with data whose block has not come.
func (r *Reader) Missing() []*Entry { return nil }

// Offset returns how many bytes of the stream have been taken.
func (r *Reader) Offset() int64 { return r.d.offset }
