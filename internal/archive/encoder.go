package archive

import (
	"bufio"
	"io"
	"strconv"
)

// encoder writes the format's primitives, which decoder reads. Errors stick in its bufio.Writer, whose Flush tells them.
type encoder struct {
	w       *bufio.Writer
	offset  int64 // of the next byte, from the start of the archive
	scratch [1 + intSize]byte
}

func newEncoder(w io.Writer) *encoder { return &encoder{w: bufio.NewWriterSize(w, chunkBytes)} }

func (e *encoder) bytes(p ...byte) {
	_, _ = e.w.Write(p)
	e.offset += int64(len(p))
}

// int writes a sign byte and a magnitude, least significant byte first (WriteInt in pg_backup_archiver.c).
func (e *encoder) int(n int64) {
	sign := byte(0)
	if n < 0 {
		sign, n = 1, -n
	}
	e.scratch = [1 + intSize]byte{sign, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
	e.bytes(e.scratch[:]...)
}

// str writes a string that is not NULL (WriteStr in pg_backup_archiver.c).
func (e *encoder) str(s string) {
	e.int(int64(len(s)))
	_, _ = e.w.WriteString(s)
	e.offset += int64(len(s))
}

func (e *encoder) null() { e.int(-1) }

// header writes magic and header (WriteHead in pg_backup_archiver.c).
func (e *encoder) header(h *Header) {
	e.bytes([]byte(magic)...)
	e.bytes(h.Version.Major, h.Version.Minor, h.Version.Rev, h.IntSize, h.OffSize, byte(h.Format))
	switch {
	case h.Version.AtLeast(1, 15):
		e.bytes(byte(h.Compression.Algorithm))
	case h.Compression.Algorithm == NoCompression:
		e.int(0)
	default:
		e.int(int64(h.Compression.Level))
	}
	c := h.Created
	for _, n := range []int{c.Second(), c.Minute(), c.Hour(), c.Day(), int(c.Month()) - 1, c.Year() - 1900, h.CreatedIsDST} {
		e.int(int64(n))
	}
	e.str(h.Database)
	e.str(h.ServerVersion)
	e.str(h.DumpVersion)
}

// entry writes one entry but for what its format adds (the loop's body in WriteToc, pg_backup_archiver.c).
func (e *encoder) entry(h *Header, x *Entry) {
	text := func(f Fields, s string) {
		if x.Nulls.Has(f) {
			e.null()
			return
		}
		e.str(s)
	}
	hadDumper := int64(0)
	if x.HadDumper {
		hadDumper = 1
	}
	e.int(int64(x.DumpID))
	e.int(hadDumper)
	e.str(strconv.FormatUint(uint64(x.CatalogID.TableOID), 10))
	e.str(strconv.FormatUint(uint64(x.CatalogID.OID), 10))
	text(FieldTag, x.Tag)
	text(FieldDesc, x.Desc)
	e.int(int64(x.Section))
	text(FieldDefn, x.Defn)
	text(FieldDropStmt, x.DropStmt)
	text(FieldCopyStmt, x.CopyStmt)
	text(FieldNamespace, x.Namespace)
	text(FieldTablespace, x.Tablespace)
	if h.Version.AtLeast(1, 14) {
		text(FieldTableAM, x.TableAM)
	}
	if h.Version.AtLeast(1, 16) {
		e.int(int64(x.RelKind))
	}
	text(FieldOwner, x.Owner)
	e.str(strconv.FormatBool(x.WithOIDs))
	for _, id := range x.Dependencies {
		e.str(strconv.Itoa(id))
	}
	e.null()
}

// dataOffset writes what the custom format adds to an entry (WriteOffset in pg_backup_archiver.c).
func (e *encoder) dataOffset(o Offset, size byte) {
	e.bytes(byte(o.State))
	for i := range size {
		e.bytes(byte(o.Position >> (8 * i)))
	}
}
