package archive

import (
	"fmt"
	"io"
)

// NewWriter writes an archive of the custom format, of the version and compression in the TOC's header. Header and TOC
// are written at once. If w is an io.Seeker that stands at its start, Close adds where each data block begins, which
// pg_restore --jobs needs; else these offsets stay "not set", which is valid. A file opened for appending must be given
// as a plain io.Writer.
//
// Versions 1.14, 1.15 and 1.16 can be written; lz4 and zstd take 1.15. The TOC must not change while the Writer is used,
// its offsets are not looked at.
func NewWriter(w io.Writer, toc *TOC) (*Writer, error) {
	aw, h, err := newWriter(toc, FormatCustom)
	if err != nil {
		return nil, err
	}
	c := &customOutput{enc: newEncoder(w), seek: seeker(w), header: h, toc: toc, positions: map[int]int64{}}
	if err := c.writeTOC(c.enc); err != nil {
		return nil, err
	}
	c.tocBytes = c.enc.offset
	aw.out = c
	return aw, nil
}

// customOutput writes data blocks (pg_backup_custom.c).
type customOutput struct {
	enc       *encoder
	seek      io.WriteSeeker // nil if offsets can't be filled in
	header    Header
	toc       *TOC
	tocBytes  int64
	positions map[int]int64 // where the block of a dump id begins
}

// mostChunk is how long a chunk may be: pg_restore takes memory for a whole one.
const mostChunk = 1 << 20

func (c *customOutput) writeTOC(e *encoder) error {
	e.header(&c.header)
	e.int(int64(len(c.toc.Entries)))
	for i := range c.toc.Entries {
		x := &c.toc.Entries[i]
		e.entry(&c.header, x)
		o := Offset{State: OffsetNoData}
		if at, ok := c.positions[x.DumpID]; ok {
			o = Offset{State: OffsetSet, Position: at}
		} else if x.HadDumper {
			o.State = OffsetNotSet
		}
		e.dataOffset(o, c.header.OffSize)
	}
	return e.w.Flush()
}

func (c *customOutput) begin(e *Entry) error {
	kind := blockRows
	if e.isBlobs() {
		kind = blockObjects
	}
	c.positions[e.DumpID] = c.enc.offset
	c.enc.bytes(kind)
	c.enc.int(int64(e.DumpID))
	return nil
}

func (c *customOutput) beginObject(oid uint32) error {
	c.enc.int(int64(int32(oid)))
	return nil
}

// write writes chunks. A zstd frame ends where a chunk does, since p holds whole frames: pg_restore leaves out what follows a
// frame within its chunk (ReadDataFromArchiveZstd in compress_zstd.c).
func (c *customOutput) write(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), mostChunk)
		c.enc.int(int64(n))
		if _, err := c.enc.w.Write(p[:n]); err != nil {
			return err
		}
		c.enc.offset += int64(n)
		p = p[n:]
	}
	return nil
}

func (c *customOutput) endObject() error {
	c.enc.int(0)
	return nil
}

// end writes the end mark: of the chunks, or of the large objects, an integer 0.
func (c *customOutput) end() error {
	c.enc.int(0)
	return nil
}

// close writes the TOC again, now with offsets; it has the same length (_CloseArchive in pg_backup_custom.c).
func (c *customOutput) close() error {
	if err := c.enc.w.Flush(); err != nil || c.seek == nil {
		return err
	}
	if _, err := c.seek.Seek(0, io.SeekStart); err != nil {
		return err
	}
	e := newEncoder(c.seek)
	if err := c.writeTOC(e); err != nil {
		return err
	}
	if e.offset != c.tocBytes {
		return fmt.Errorf("the TOC had %d bytes and has %d: it was changed while data was written", c.tocBytes, e.offset)
	}
	_, err := c.seek.Seek(0, io.SeekEnd)
	return err
}
