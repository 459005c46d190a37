package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
)

// tarFiles is the files of a tar file that can be read anywhere.
type tarFiles struct {
	f       *os.File
	members map[string]memberSpan
}

type memberSpan struct{ offset, bytes int64 }

func (t *tarFiles) sure() bool { return true }

// indexTar finds the members of a tar file, passing over what they hold.
func indexTar(f *os.File, lim Limits) (*tarFiles, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	t := &tarFiles{f: f, members: map[string]memberSpan{}}
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		at, where := f.Seek(0, io.SeekCurrent)
		switch {
		case err != nil:
			return nil, fmt.Errorf("tar file: before offset %d: %w", at, noEOF(err))
		case where != nil:
			return nil, where
		}
		if err := checkMember(h); err != nil {
			return nil, fmt.Errorf("tar file: before offset %d: %w", at, err)
		}
		if _, twice := t.members[h.Name]; twice {
			return nil, fmt.Errorf("tar file: before offset %d: a second member %.100q", at, h.Name)
		}
		if len(t.members) == lim.Entries {
			return nil, fmt.Errorf("tar file: before offset %d: more members than the limit of %d", at, lim.Entries)
		}
		t.members[h.Name] = memberSpan{at, h.Size}
	}
}

// checkMember refuses what pg_dump never writes and what does not hold its bytes one behind the other.
func checkMember(h *tar.Header) error {
	if h.Typeflag != tar.TypeReg {
		return fmt.Errorf("member %.100q is no regular file", h.Name)
	}
	for key := range h.PAXRecords {
		if len(key) > 10 && key[:10] == "GNU.sparse" {
			return fmt.Errorf("member %.100q is a sparse file", h.Name)
		}
	}
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (t *tarFiles) open(name string) (io.ReadCloser, method, error) {
	at, m, err := t.find(name)
	if err != nil {
		return nil, 0, err
	}
	return &memberReader{r: io.NewSectionReader(t.f, at.offset, at.bytes), left: at.bytes}, m, nil
}

func (t *tarFiles) size(name string) (int64, error) {
	at, _, err := t.find(name)
	return at.bytes, err
}

// find looks for a member with this name, or with a suffix to it.
func (t *tarFiles) find(name string) (memberSpan, method, error) {
	for _, m := range []method{stored, gzipFile, lz4Frames, zstdFrames} {
		if at, ok := t.members[name+suffixes[m]]; ok {
			return at, m, nil
		}
	}
	return memberSpan{}, 0, fmt.Errorf("the tar file has no member %.100q", name)
}

// memberReader sees when the tar file ends before a member does.
type memberReader struct {
	r    io.Reader
	left int64
}

func (m *memberReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.left -= int64(n)
	if errors.Is(err, io.EOF) && m.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (m *memberReader) Close() error { return nil }
