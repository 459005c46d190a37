package archive

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Writer writes an archive: a data block for each entry that has data, in any order, one after the other. It is for one
// goroutine. The first error sticks, and the archive is then good for nothing.
type Writer struct {
	toc     *TOC
	out     output
	method  method
	written map[int]bool // dump ids of entries whose data is complete
	entry   *Entry       // whose data is written
	object  bool         // a large object is written
	stream  stream
	endMark Segment
	err     error
}

// output is what the formats make of a Writer's work.
type output interface {
	begin(e *Entry) error
	beginObject(oid uint32) error
	write(p []byte) error // the bytes of a compressed stream, never none
	endObject() error
	end() error
	close() error
}

// errUse is for calls in an order that makes no archive.
func errUse(format string, args ...any) error { return fmt.Errorf("archive writer: "+format, args...) }

func newWriter(toc *TOC, f Format) (*Writer, Header, error) {
	h := toc.Header
	h.IntSize, h.OffSize, h.Format = intSize, 8, f
	if f == FormatDirectory {
		h.Format = FormatTar // WriteHead's format in _CloseArchive, pg_backup_directory.c
	}
	switch v := h.Version; {
	case v.Major != 1 || v.Minor < 14 || v.Minor > 16:
		return nil, h, fmt.Errorf("archives of version %s can't be written, but 1.14, 1.15 and 1.16", v)
	case h.Compression.Algorithm > Gzip && !v.AtLeast(1, 15):
		return nil, h, fmt.Errorf("an archive of version %s can't be compressed with %s: that takes 1.15", v, h.Compression.Algorithm)
	}
	m, err := methodFor(h.Compression, f)
	if err != nil {
		return nil, h, err
	}
	s, err := NewSegmenter(h.Compression, f)
	if err != nil {
		return nil, h, err
	}
	mark, err := s.Segment([]byte(endMark))
	return &Writer{toc: toc, method: m, written: map[int]bool{}, stream: stream{method: m}, endMark: mark}, h, err
}

// Begin begins the data of e, which is an entry of the Writer's TOC.
func (w *Writer) Begin(e *Entry) error {
	switch {
	case w.err != nil:
	case w.entry != nil:
		w.err = errUse("%s begins before %s has ended", e.label(), w.entry.label())
	case w.toc.ByID(e.DumpID) == nil || !w.toc.ByID(e.DumpID).HadDumper:
		w.err = errUse("%s has no data by the TOC", e.label())
	case w.written[e.DumpID]:
		w.err = errUse("the data of %s is written twice", e.label())
	default:
		w.entry = e
		w.stream.begin()
		w.err = w.explain(w.out.begin(e))
	}
	return w.err
}

// BeginObject begins a large object in the data of a BLOBS entry.
func (w *Writer) BeginObject(oid uint32) error {
	switch {
	case w.err != nil:
	case w.entry == nil || !w.entry.isBlobs():
		w.err = errUse("large object %d begins outside of a BLOBS entry", oid)
	case w.object:
		w.err = errUse("large object %d begins before the one before has ended", oid)
	case oid == 0:
		w.err = errUse("a large object with id 0")
	default:
		w.object = true
		w.stream.begin()
		w.err = w.explain(w.out.beginObject(oid))
	}
	return w.err
}

// Append writes a segment of the entry or large object that was begun. The segment must come from a Segmenter of the
// archive's compression and format.
func (w *Writer) Append(s Segment) error {
	switch {
	case w.err != nil:
	case w.entry == nil || w.entry.isBlobs() && !w.object:
		w.err = errUse("data before Begin or BeginObject")
	case s.method != w.method:
		w.err = errUse("a segment of another compression or format")
	case len(s.p) == 0: // an empty chunk would end the data
	default:
		w.err = w.explain(w.stream.append(w.out.write, s))
	}
	return w.err
}

// EndObject ends the large object.
func (w *Writer) EndObject() error {
	switch {
	case w.err != nil:
	case !w.object:
		w.err = errUse("the end of a large object that was not begun")
	default:
		w.object = false
		if w.err = w.explain(w.stream.end(w.out.write)); w.err == nil {
			w.err = w.explain(w.out.endObject())
		}
	}
	return w.err
}

// End ends the data of the entry. Behind rows for COPY it writes the line \. that archives have there.
func (w *Writer) End() error {
	switch {
	case w.err != nil:
		return w.err
	case w.entry == nil || w.object:
		w.err = errUse("End without Begin, or inside of a large object")
		return w.err
	case w.entry.isCopy():
		w.err = w.explain(w.stream.append(w.out.write, w.endMark))
	}
	if w.err == nil && !w.entry.isBlobs() {
		w.err = w.explain(w.stream.end(w.out.write))
	}
	if w.err == nil {
		w.err = w.explain(w.out.end())
	}
	w.written[w.entry.DumpID] = true
	w.entry = nil
	return w.err
}

func (w *Writer) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write %s: %w", w.entry.label(), err)
}

// Close ends the archive. An entry with data that was never written is an error. It does not close the io.Writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	i := slices.IndexFunc(w.toc.Entries, func(e Entry) bool { return e.HadDumper && !w.written[e.DumpID] })
	switch {
	case w.entry != nil:
		w.err = errUse("closed inside of %s", w.entry.label())
	case i >= 0:
		w.err = errUse("closed without the data of %s", w.toc.Entries[i].label())
	default:
		w.err = w.out.close()
	}
	if w.err == nil {
		w.err = errors.New("the archive is closed")
		return nil
	}
	return w.err
}

// seeker returns w as something whose beginning can be written again, or nil.
func seeker(w io.Writer) io.WriteSeeker {
	s, ok := w.(io.WriteSeeker)
	if !ok {
		return nil
	}
	if at, err := s.Seek(0, io.SeekCurrent); err != nil || at != 0 {
		return nil
	}
	return s
}
