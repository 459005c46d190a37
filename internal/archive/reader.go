package archive

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// magic begins every archive of the custom format.
const magic = "PGDMP"

// Reader reads an archive of the custom format, or a tar file of pg_dump's, from its first byte on. It is for one goroutine.
type Reader struct {
	d        decoder
	tocRead  bool
	toc      *TOC
	codec    codec
	block    block
	tar      *tarStream // nil if the stream is no tar file
	current  *Data
	seen     map[int]bool // dump ids of the blocks that have come
	withData int          // how many entries have data
	err      error        // what Next gives from now on
}

// NewReader returns a Reader of the archive in r, which need not be seekable. The Reader buffers up to 64 KiB and never
// waits for more bytes than it was asked for. It does not close r.
func NewReader(r io.Reader, lim Limits) *Reader {
	d := newDecoder(r, lim)
	return &Reader{d: d, codec: codec{window: uint64(d.lim.WindowBytes)}, seen: map[int]bool{}}
}

// ReadTOC reads the header and the TOC of the archive in r and nothing of what follows. Since it buffers, r itself may
// have been read up to 64 KiB further; use a [Reader] if the data is wanted too.
func ReadTOC(r io.Reader, lim Limits) (*TOC, error) { return NewReader(r, lim).ReadTOC() }

// ReadTOC reads the header and the TOC; it can be called once. Afterwards the Reader stands at the first data block.
// The errors say entry, field and offset; a stream that ends early gives io.ErrUnexpectedEOF, and errors of the
// underlying reader are wrapped.
func (r *Reader) ReadTOC() (*TOC, error) {
	if r.tocRead {
		return nil, errors.New("the TOC of this archive has been read before")
	}
	r.tocRead = true
	if r.d.looksLikeTar() {
		return r.readTarTOC()
	}
	if err := r.d.magic(); err != nil {
		return nil, err
	}
	t, err := r.d.toc(FormatCustom)
	if err != nil {
		return nil, err
	}
	r.d.lim.TotalBytes = math.MaxInt64 // it is for header and TOC
	r.use(t)
	return t, nil
}

func (r *Reader) use(t *TOC) {
	r.toc = t
	for i := range t.Entries {
		if t.Entries[i].HadDumper {
			r.withData++
		}
	}
}

// toc reads what follows the magic, of an archive or a toc.dat that says it is of that format (ReadHead and ReadToc in
// pg_backup_archiver.c).
func (d *decoder) toc(f Format) (*TOC, error) {
	t := &TOC{Header: d.header(f)}
	if d.err != nil {
		return nil, fmt.Errorf("archive header: %w", d.err)
	}
	at := d.offset
	count := d.wide("number of entries")
	switch {
	case d.err != nil:
		return nil, fmt.Errorf("toc: %w", d.err)
	case count < 0 || count > math.MaxInt32 || count > int64(d.lim.Entries):
		return nil, fmt.Errorf("toc: %d entries at offset %d: must be between 0 and the limit of %d", count, at, d.lim.Entries)
	}
	t.index = make(map[int]int)
	for i := range int(count) {
		at := d.offset
		e := d.entry(&t.Header)
		if d.err == nil {
			if _, twice := t.index[e.DumpID]; twice {
				d.err = fmt.Errorf("at offset %d: an earlier entry has this dump id", at)
			} else if err := checkSetting(&e); err != nil {
				d.err = fmt.Errorf("at offset %d: %w", at, err)
			}
		}
		if d.err != nil {
			return nil, fmt.Errorf("toc entry %d%s: %w", i+1, idSuffix(e.DumpID), d.err)
		}
		t.index[e.DumpID] = i
		if len(t.Entries) == cap(t.Entries) { // as far as has come, the count is no lie
			t.Entries = slices.Grow(t.Entries, min(int(count)-i, firstEntries+3*i))
		}
		t.Entries = append(t.Entries, e)
	}
	return t, nil
}

// firstEntries is how many there is room for at first, whatever the count says.
const firstEntries = 1 << 10

// idSuffix names an entry's dump id if it was read before the error.
func idSuffix(id int) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf(" (dump id %d)", id)
}

// magic takes the first bytes, or says what the input is instead (_discoverArchiveFormat in pg_backup_archiver.c).
func (d *decoder) magic() error {
	head, err := d.r.Peek(len(magic))
	switch {
	case string(head) != magic[:len(head)]:
		// A look at what has arrived is enough; waiting for more could take forever on a pipe.
		head, _ = d.r.Peek(d.r.Buffered())
		return fmt.Errorf("not a pg_dump custom-format archive: %s", describe(head))
	case err == nil:
		d.read("magic", d.scratch[:len(magic)])
		return d.err
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("archive header: read at offset %d: %w", len(head), err)
	case len(head) == 0:
		return fmt.Errorf("not a pg_dump custom-format archive: the input is empty: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("archive header: the archive ends at offset %d: %w", len(head), io.ErrUnexpectedEOF)
}
