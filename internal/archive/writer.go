package archive

import "io"

// Writer writes an archive.
type Writer struct{}

// NewWriter writes an archive of the custom format.
func NewWriter(w io.Writer, toc *TOC) (*Writer, error) { return nil, errLater }

// NewDirectoryWriter writes a directory archive.
func NewDirectoryWriter(path string, toc *TOC) (*Writer, error) { return nil, errLater }

// Begin begins an entry's data.
func (w *Writer) Begin(e *Entry) error { return errLater }

// BeginObject begins a large object.
func (w *Writer) BeginObject(oid uint32) error { return errLater }

// Append writes compressed rows.
func (w *Writer) Append(s Segment) error { return errLater }

// EndObject ends a large object.
func (w *Writer) EndObject() error { return errLater }

// End ends an entry's data.
func (w *Writer) End() error { return errLater }

// Close ends the archive.
func (w *Writer) Close() error { return errLater }
