package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// NewDirectoryWriter writes a directory archive, of the version and compression in the TOC's header, into the directory
// path, which it makes; one that exists must be empty. toc.dat is written by Close, which also flushes all files to the disk:
// a directory without toc.dat is no archive. The TOC must not change while the Writer is used.
func NewDirectoryWriter(path string, toc *TOC) (*Writer, error) {
	aw, h, err := newWriter(toc, FormatDirectory)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	list, err := os.ReadDir(path)
	switch {
	case err != nil:
		return nil, err
	case len(list) > 0:
		return nil, fmt.Errorf("%s: the directory is not empty", path)
	}
	aw.out = &directoryOutput{path: path, header: h, toc: toc, suffix: suffixes[aw.method], buffer: bufio.NewWriterSize(nil, chunkBytes)}
	return aw, nil
}

// directoryOutput writes a file for each entry and each large object (pg_backup_directory.c).
type directoryOutput struct {
	path   string
	header Header
	toc    *TOC
	suffix string
	file   *os.File
	buffer *bufio.Writer // before file
	list   *os.File      // of the large objects of the entry in work
}

// fileName is what the TOC says of an entry's data. Before 1.16 there is one list of large objects, so the first BLOBS entry
// has those of all (_ArchiveEntry in pg_backup_directory.c).
func (o *directoryOutput) fileName(e *Entry, first bool) string {
	switch {
	case !e.HadDumper:
		return ""
	case !e.isBlobs():
		return fmt.Sprintf("%d.dat", e.DumpID)
	case o.header.Version.AtLeast(1, 16) || first:
		return listOf(&Entry{DumpID: e.DumpID}, o.header.Version)
	}
	return ""
}

func (o *directoryOutput) begin(e *Entry) error {
	if !e.isBlobs() {
		return o.create(o.fileName(e, false) + o.suffix)
	}
	var err error
	o.list, err = os.OpenFile(filepath.Join(o.path, o.fileName(e, true)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return err
}

func (o *directoryOutput) create(name string) (err error) {
	o.file, err = os.OpenFile(filepath.Join(o.path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	o.buffer.Reset(o.file)
	return err
}

func (o *directoryOutput) beginObject(oid uint32) error {
	name := fmt.Sprintf("blob_%d.dat", oid)
	if _, err := fmt.Fprintf(o.list, "%d %s\n", oid, name); err != nil {
		return err
	}
	return o.create(name + o.suffix)
}

func (o *directoryOutput) write(p []byte) error {
	_, err := o.buffer.Write(p)
	return err
}

// endObject ends a file, also that of a table.
func (o *directoryOutput) endObject() error {
	err := errors.Join(o.buffer.Flush(), o.file.Close())
	o.file = nil
	return err
}

func (o *directoryOutput) end() error {
	if o.list == nil {
		return o.endObject()
	}
	err := o.list.Close()
	o.list = nil
	return err
}

// close flushes all files to the disk before the one that makes them an archive.
func (o *directoryOutput) close() error {
	if err := o.sync(); err != nil {
		return err
	}
	if err := o.create("toc.dat"); err != nil {
		return err
	}
	e := newEncoder(o.file)
	e.header(&o.header)
	e.int(int64(len(o.toc.Entries)))
	first := true
	for i := range o.toc.Entries {
		x := &o.toc.Entries[i]
		e.entry(&o.header, x)
		e.str(o.fileName(x, first))
		first = first && !(x.isBlobs() && x.HadDumper)
	}
	if err := errors.Join(e.w.Flush(), o.file.Sync(), o.file.Close()); err != nil {
		return err
	}
	return syncDirectory(o.path)
}

// sync flushes the files to the disk. They are opened again for it: there may be as many as the archive has large objects.
func (o *directoryOutput) sync() error {
	dir, err := os.Open(o.path)
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(1000)
		for _, name := range names {
			f, err := os.OpenFile(filepath.Join(o.path, name), os.O_RDWR, 0)
			if err == nil {
				err = errors.Join(f.Sync(), f.Close())
			}
			if err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// syncDirectory makes the names of new files last.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" { // where directories can't be flushed
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
