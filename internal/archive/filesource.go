package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// suffixes are what pg_dump appends to the names of compressed files (InitDiscoverCompressFileHandle in compress_io.c).
var suffixes = map[method]string{stored: "", gzipFile: ".gz", lz4Frames: ".lz4", zstdFrames: ".zst"}

// methodOf returns a file's name without the suffix of a compressed one, and how it is compressed.
func methodOf(name string) (string, method) {
	for m, suffix := range suffixes {
		if base, ok := strings.CutSuffix(name, suffix); ok && m != stored {
			return base, m
		}
	}
	return name, stored
}

// files are those of a directory archive or a tar file.
type files interface {
	// open opens a file, or one with this name and a suffix.
	open(name string) (io.ReadCloser, method, error)
	size(name string) (int64, error) // of the file that open opens
	sure() bool                      // a file that was cut off is noticed
}

// fileSource is the data of one entry where archives hold a file for each table and each large object
// (pg_backup_directory.c, and pg_backup_tar.c, whose files are the same).
type fileSource struct {
	files
	name  string // of the file in work
	how   method
	f     io.ReadCloser
	at    int64 // offset in it
	total int64
	err   error

	list     *bufio.Reader // of large objects: a line for each, with its id and the name of its file
	listName string
	listFile io.ReadCloser
}

// listLine is the longest line of a list of large objects: 10 digits, a space and a name.
const listLine = 1024 // MAXPGPATH

// openEntry begins to read the data of e.
func openEntry(fs files, e *Entry, v Version) (*fileSource, error) {
	s := &fileSource{files: fs}
	if !e.isBlobs() {
		if err := s.next(e.File); err != nil {
			return nil, err
		}
		return s, nil
	}
	if e.File == "" { // its large objects are in another entry's list
		return s, nil
	}
	s.listName = listOf(e, v)
	f, m, err := fs.open(s.listName)
	if err != nil {
		return nil, err
	}
	s.listFile = f
	if m != stored {
		return nil, errors.Join(fmt.Errorf("%s: a list of large objects that is compressed", s.listName), f.Close())
	}
	s.list = bufio.NewReaderSize(f, listLine)
	return s, nil
}

// listOf is the name of a BLOBS entry's list of large objects. What the TOC says is right in directory archives from 1.16 on
// only (_LoadLOs in pg_backup_directory.c).
func listOf(e *Entry, v Version) string {
	switch {
	case !v.AtLeast(1, 16):
		return "blobs.toc"
	case strings.HasSuffix(e.File, ".toc"):
		return e.File
	}
	return fmt.Sprintf("blobs_%d.toc", e.DumpID)
}

// next opens a file in place of the one in work.
func (s *fileSource) next(name string) (err error) {
	if s.err = errors.Join(s.err, s.closeFile()); s.err != nil {
		return s.err
	}
	s.name, s.at = name, 0
	s.f, s.how, s.err = s.open(name)
	return s.err
}

func (s *fileSource) Read(p []byte) (int, error) {
	switch {
	case s.err != nil:
		return 0, s.err
	case s.f == nil:
		return 0, io.EOF
	}
	n, err := s.f.Read(p)
	s.at, s.total = s.at+int64(n), s.total+int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = fmt.Errorf("file %s at offset %d: %w", s.name, s.at, err)
		err = s.err
	}
	return n, err
}

func (s *fileSource) nextObject() (uint32, error) {
	switch {
	case s.err != nil:
		return 0, s.err
	case s.list == nil:
		return 0, io.EOF
	}
	line, err := s.list.ReadSlice('\n')
	s.total += int64(len(line))
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return 0, io.EOF
	case errors.Is(err, io.EOF):
		s.err = fmt.Errorf("file %s ends within a line: %w", s.listName, io.ErrUnexpectedEOF)
		return 0, s.err
	case err != nil:
		s.err = fmt.Errorf("file %s: %w", s.listName, err)
		return 0, s.err
	}
	id, name, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	oid, err := strconv.ParseUint(id, 10, 32)
	if !ok || err != nil || oid == 0 {
		s.err = fmt.Errorf("file %s has a line that names no large object: %.100q", s.listName, line)
		return 0, s.err
	}
	return uint32(oid), s.next(name)
}

// finish leaves nothing out: other entries have files of their own.
func (s *fileSource) finish() error  { return nil }
func (s *fileSource) method() method { return s.how }
func (s *fileSource) taken() int64   { return s.total }
func (s *fileSource) fault() error   { return s.err }
func (s *fileSource) where() string {
	return fmt.Sprintf("in file %s before offset %d", s.name, s.at)
}

func (s *fileSource) closeFile() error {
	f := s.f
	s.f = nil
	if f == nil {
		return nil
	}
	return f.Close()
}

func (s *fileSource) close() error {
	err := s.closeFile()
	if s.listFile != nil {
		err = errors.Join(err, s.listFile.Close())
		s.listFile = nil
	}
	return err
}
