package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// File is an archive on disk whose data can be read in any order: a custom-format file, a directory archive or a tar
// file. Its methods may be called from several goroutines.
type File struct {
	toc    *TOC
	lim    Limits
	size   int64
	codecs sync.Pool
	close  func() error

	files  files // of a directory archive or tar file
	custom *customFile
}

// Open opens a custom-format file, a directory archive or a tar file, and reads its TOC. The caller closes it.
func Open(path string, lim Limits) (*File, error) {
	lim = lim.withDefaults()
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var f *File
	if info.IsDir() {
		f, err = openDirectory(path, lim)
	} else {
		f, err = openFile(path, info, lim)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.lim = lim
	f.codecs.New = func() any { return &codec{window: uint64(lim.WindowBytes)} }
	return f, nil
}

func openDirectory(path string, lim Limits) (*File, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	dir := directory{root}
	f, err := newFilesArchive(dir, FormatDirectory, lim)
	if err == nil {
		f.size, err = dir.total()
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	f.close = root.Close
	return f, nil
}

func openFile(path string, info os.FileInfo, lim Limits) (*File, error) {
	if !info.Mode().IsRegular() {
		return nil, errors.New("it can't be read in any order, since it is no regular file: read it as a stream")
	}
	o, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f, err := readFile(o, info.Size(), lim)
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	f.size, f.close = info.Size(), o.Close
	return f, nil
}

func readFile(o *os.File, size int64, lim Limits) (*File, error) {
	head := make([]byte, DetectBytes)
	n, err := o.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if Detect(head[:n]) == KindTar {
		t, err := indexTar(o, lim)
		if err != nil {
			return nil, err
		}
		return newFilesArchive(t, FormatTar, lim)
	}
	r := NewReader(io.NewSectionReader(o, 0, size), lim)
	toc, err := r.ReadTOC()
	if err != nil {
		return nil, err
	}
	return &File{toc: toc, custom: newCustomFile(o, size, toc, lim, r.Offset())}, nil
}

// newFilesArchive reads toc.dat.
func newFilesArchive(fs files, f Format, lim Limits) (*File, error) {
	const name = "toc.dat"
	in, m, err := fs.open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	c := codec{window: uint64(lim.WindowBytes)} // pg_restore too accepts one that was compressed by hand
	if err := c.reset(m, in); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := newDecoder(&c, lim)
	if err := d.magic(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	toc, err := d.toc(FormatTar)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	toc.Header.Format = f
	return &File{toc: toc, files: fs}, nil
}

// TOC returns the archive's header and table of contents. It is the File's own.
func (f *File) TOC() *TOC { return f.toc }

// Size returns how many bytes the archive has, all its files together.
func (f *File) Size() int64 { return f.size }

// Bytes returns about how many bytes of the archive hold the data of e, compressed, for comparisons and progress. It is 0 if that
// can't be told without reading: in a custom-format file whose offsets are not set, or of missing data.
func (f *File) Bytes(e *Entry) int64 {
	switch {
	case !e.HadDumper:
		return 0
	case f.custom != nil:
		return f.custom.bytes(e)
	case !e.isBlobs():
		n, _ := f.files.size(e.File)
		return n
	}
	n, _ := f.files.size(listOf(e, f.toc.Header.Version))
	return n * guessedObject
}

// guessedObject is how many bytes of large objects a byte of their list stands for (_PrepParallelRestore in
// pg_backup_directory.c).
const guessedObject = 1024

// Open begins to read the data of e, which is an entry of the File's TOC with data. Each Data is independent of the
// others; the caller closes it.
func (f *File) Open(e *Entry) (*Data, error) {
	if !e.HadDumper {
		return nil, fmt.Errorf("%s has no data by the TOC", e.label())
	}
	var src source
	var err error
	if f.custom != nil {
		src, err = f.custom.open(e)
	} else {
		src, err = openEntry(f.files, e, f.toc.Header.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.label(), err)
	}
	c, _ := f.codecs.Get().(*codec)
	return &Data{entry: e, src: src, codec: c, release: func() { f.codecs.Put(c) }}, nil
}

// Close closes the archive's files. Data that was got from it can't be read any more.
func (f *File) Close() error { return f.close() }
