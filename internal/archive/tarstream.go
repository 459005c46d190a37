package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// tarBlock is the unit that tar files are made of; a whole one tells a tar file.
const tarBlock = 512

// isTar reports whether head begins a tar file (isValidTarHeader in pg_backup_archiver.c).
func isTar(head []byte) bool {
	const at = 257
	return len(head) >= tarBlock && bytes.HasPrefix(head[at:], []byte("ustar"))
}

// looksLikeTar reports whether the stream is a tar file that begins with a TOC, as pg_dump writes it. It waits for more
// bytes than the magic has only where they say so.
func (d *decoder) looksLikeTar() bool {
	const name = "toc.dat\x00"
	head, _ := d.r.Peek(len(magic))
	if len(head) == 0 || string(head) != name[:len(head)] {
		return false
	}
	head, _ = d.r.Peek(len(name))
	return string(head) == name[:len(head)]
}

// tarStream is a tar file that is read from its first byte on. Its members come in the order of the TOC; large objects
// come before the list that ends them (pg_backup_tar.c).
type tarStream struct {
	r      *tar.Reader
	d      *decoder // counts the bytes
	member *tar.Header
	read   bool // member is to be looked at again
	byFile map[string]*Entry
}

// counted passes on the decoder's bytes.
type counted struct{ d *decoder }

func (c counted) Read(p []byte) (int, error) {
	n, err := c.d.r.Read(p)
	c.d.offset += int64(n)
	return n, err
}

// readTarTOC reads the TOC, which is the first member.
func (r *Reader) readTarTOC() (*TOC, error) {
	t := &tarStream{r: tar.NewReader(counted{&r.d}), d: &r.d, byFile: map[string]*Entry{}}
	if err := t.next(); err != nil {
		return nil, err
	}
	d := newDecoder(t.r, r.d.lim)
	if err := d.magic(); err != nil {
		return nil, fmt.Errorf("toc.dat in a tar file: %w", err)
	}
	toc, err := d.toc(FormatTar)
	if err != nil {
		return nil, fmt.Errorf("toc.dat in a tar file: %w", err)
	}
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.HadDumper && !e.isBlobs() {
			t.byFile[e.File] = e
		}
	}
	r.use(toc)
	r.tar = t
	return toc, nil
}

// next goes to the next member; io.EOF behind the last one.
func (t *tarStream) next() error {
	if t.read {
		t.read = false
		return nil
	}
	h, err := t.r.Next()
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return fmt.Errorf("tar file: before offset %d: %w", t.d.offset, err)
	}
	t.member = h
	if err := checkMember(h); err != nil {
		return fmt.Errorf("tar file: before offset %d: %w", t.d.offset, err)
	}
	return nil
}

// advanceTar is advance for tar files. Members that no entry names are passed over, such as restore.sql.
func (r *Reader) advanceTar() error {
	t := r.tar
	for {
		start := r.d.offset
		err := t.next()
		switch {
		case errors.Is(err, io.EOF):
			return r.ended()
		case err != nil:
			return err
		}
		name, m := methodOf(t.member.Name)
		if e := t.byFile[name]; e != nil {
			return r.give(e, &tarSource{t: t, how: m, start: start}, start)
		}
		oid, isObject := objectOf(name)
		if !isObject && !isList(name) {
			continue
		}
		e := r.blobsOf(name, oid)
		if e == nil {
			return fmt.Errorf("tar file: before offset %d: the TOC has no BLOBS entry for member %.100q", r.d.offset, name)
		}
		t.read = true
		return r.give(e, &tarSource{t: t, start: start, objects: true}, start)
	}
}

// objectOf returns the large object that a member holds.
func objectOf(name string) (uint32, bool) {
	name, begins := strings.CutPrefix(name, "blob_")
	digits, ends := strings.CutSuffix(name, ".dat")
	oid, err := strconv.ParseUint(digits, 10, 32)
	return uint32(oid), begins && ends && err == nil && oid != 0
}

// isList reports whether a member is a list of large objects.
func isList(name string) bool {
	return strings.HasPrefix(name, "blobs") && strings.HasSuffix(name, ".toc")
}

// blobsOf finds the entry whose large objects begin with a member. From 1.16 on there may be several, and their tags say
// which object is the first (_LoadLOs in pg_backup_tar.c).
func (r *Reader) blobsOf(name string, first uint32) *Entry {
	for i := range r.toc.Entries {
		e := &r.toc.Entries[i]
		if !e.isBlobs() || !e.HadDumper || r.seen[e.DumpID] {
			continue
		}
		if !r.toc.Header.Version.AtLeast(1, 16) || name == listOf(e, r.toc.Header.Version) {
			return e
		}
		if from, _, _ := strings.Cut(e.Tag, ".."); from == strconv.FormatUint(uint64(first), 10) {
			return e
		}
	}
	return nil
}

// tarSource is the data of one entry in a tar file that is read as a stream.
type tarSource struct {
	t       *tarStream
	how     method
	start   int64
	objects bool
	over    bool
	err     error
}

func (s *tarSource) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.t.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = fmt.Errorf("tar file: member %s: at offset %d: %w", s.t.member.Name, s.t.d.offset, err)
		err = s.err
	}
	return n, err
}

// nextObject goes to the next member: a large object, or the list that ends them.
func (s *tarSource) nextObject() (uint32, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.over {
		return 0, io.EOF
	}
	if err := s.t.next(); errors.Is(err, io.EOF) {
		s.err = fmt.Errorf("tar file: it ends at offset %d before the list that ends the large objects: %w", s.t.d.offset, io.ErrUnexpectedEOF)
		return 0, s.err
	} else if err != nil {
		s.err = err
		return 0, err
	}
	name, m := methodOf(s.t.member.Name)
	oid, ok := objectOf(name)
	switch {
	case ok:
		s.how = m
		return oid, nil
	case isList(name):
		s.over = true
		return 0, io.EOF
	}
	s.err = fmt.Errorf("tar file: before offset %d: member %.100q comes before the list that ends the large objects", s.t.d.offset, name)
	return 0, s.err
}

func (s *tarSource) finish() error {
	for s.objects && !s.over {
		if _, err := s.nextObject(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return s.err
}

func (s *tarSource) method() method { return s.how }
func (s *tarSource) sure() bool     { return true }
func (s *tarSource) taken() int64   { return s.t.d.offset - s.start }
func (s *tarSource) fault() error   { return s.err }
func (s *tarSource) where() string  { return fmt.Sprintf("before offset %d", s.t.d.offset) }
func (s *tarSource) close() error   { return nil }
