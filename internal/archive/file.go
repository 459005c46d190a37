package archive

// File is an archive that can be read in any order.
type File struct{ toc *TOC }

// Open opens a custom-format file, a directory archive or a tar file.
func Open(path string, lim Limits) (*File, error) { return nil, errLater }

// TOC returns the archive's table of contents.
func (f *File) TOC() *TOC { return f.toc }

// Open begins to read an entry's data.
func (f *File) Open(e *Entry) (*Data, error) { return nil, errLater }

// Close closes the file.
func (f *File) Close() error { return nil }
