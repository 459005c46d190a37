package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Segment is rows, compressed so that they stand by themselves: a zstd frame, an LZ4 frame, a gzip member, or, for the
// custom format's gzip, deflate blocks up to a byte's border. The segments of an entry may be written in any order.
type Segment struct {
	p      []byte
	raw    int
	adler  uint32 // of the rows, where the archive wants a checksum of all of them
	method method
}

// RawBytes returns how many bytes the rows have.
func (s Segment) RawBytes() int { return s.raw }

// Bytes returns how many bytes the compressed rows have.
func (s Segment) Bytes() int { return len(s.p) }

// Segmenter makes segments. It is for one goroutine; several Segmenters compress the rows of one entry.
type Segmenter struct {
	method method
	out    bytes.Buffer
	flate  *flate.Writer
	gzip   *gzip.Writer
	lz4    func(src, dst []byte) (int, error)
	zstd   *zstd.Encoder

	mu   sync.Mutex
	free [][]byte // memory of segments that were given back
}

// freeSegments is how much memory a Segmenter keeps for later: what is on the way to one writer, not more.
const freeSegments = 4

// NewSegmenter returns a Segmenter for archives of format f, which is FormatCustom or FormatDirectory. Level -1 is the
// default, which is about as strong as pg_dump's.
func NewSegmenter(c Compression, f Format) (*Segmenter, error) {
	m, err := methodFor(c, f)
	if err != nil {
		return nil, err
	}
	s := &Segmenter{method: m}
	switch m {
	case zlibStream:
		s.flate, err = flate.NewWriter(&s.out, c.flateLevel())
	case gzipFile:
		s.gzip, err = gzip.NewWriterLevel(&s.out, c.flateLevel())
	case lz4Frames:
		s.lz4 = c.lz4Compressor()
	case zstdFrames:
		s.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(c.zstdLevel()), zstd.WithWindowSize(4<<20))
	}
	if err != nil {
		return nil, fmt.Errorf("compression %s, level %d: %w", c.Algorithm, c.Level, err)
	}
	return s, nil
}

// Segment compresses rows, which end at a row's end (of a large object any bytes). The segment's memory is the caller's
// from then on; rows are not kept.
func (s *Segmenter) Segment(rows []byte) (Segment, error) {
	seg := Segment{raw: len(rows), method: s.method}
	if len(rows) == 0 {
		return seg, nil
	}
	p := s.memory()
	var err error
	switch s.method {
	case stored:
		p = append(p, rows...)
		seg.p = p
	case lz4Frames:
		seg.p, err = s.lz4Frame(rows, p)
	case zstdFrames:
		seg.p = s.zstd.EncodeAll(rows, p)
	default:
		seg.p, err = s.deflate(rows, p, &seg.adler)
	}
	if err != nil {
		return Segment{}, fmt.Errorf("%s: %w", s.method, err)
	}
	return seg, nil
}

// deflate appends to p what has gzip's compression.
func (s *Segmenter) deflate(rows, p []byte, adler *uint32) ([]byte, error) {
	s.out = *bytes.NewBuffer(p)
	var err error
	switch s.method {
	case zlibStream:
		*adler = adler32.Checksum(rows)
		s.flate.Reset(&s.out)
		_, err = s.flate.Write(rows)
		err = errors.Join(err, s.flate.Flush())
	case gzipFile:
		s.gzip.Reset(&s.out)
		_, err = s.gzip.Write(rows)
		err = errors.Join(err, s.gzip.Close())
	}
	p = s.out.Bytes()
	s.out = bytes.Buffer{}
	return p, err
}

// lz4FrameStart says: version 1, independent blocks of at most 4 MiB, no checksums, and the checksum of that.
const (
	lz4FrameStart = "\x04\x22\x4d\x18\x60\x70\x73"
	lz4Block      = 4 << 20
	lz4Stored     = 1 << 31 // in a block's length: it is not compressed
)

// lz4Frame appends a frame to p. It is made here and not by lz4.Writer, which would hold buffers of 8 MiB and copy rows into them.
func (s *Segmenter) lz4Frame(rows, p []byte) ([]byte, error) {
	p = append(p, lz4FrameStart...)
	for len(rows) > 0 {
		block := rows[:min(len(rows), lz4Block)]
		rows = rows[len(block):]
		at, bound := len(p)+4, lz4.CompressBlockBound(len(block))
		p = slices.Grow(p, 4+bound+4)[:at]
		n, err := s.lz4(block, p[at:at+bound])
		if err != nil {
			return nil, err
		}
		size := uint32(n)
		if n == 0 || n >= len(block) {
			n = copy(p[at:at+bound], block)
			size = uint32(n) | lz4Stored
		}
		binary.LittleEndian.PutUint32(p[at-4:], size)
		p = p[:at+n]
	}
	return append(p, 0, 0, 0, 0), nil // the end mark
}

// memory returns an empty slice, with room if a segment was given back.
func (s *Segmenter) memory() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return nil
	}
	p := s.free[n-1]
	s.free = s.free[:n-1]
	return p[:0]
}

// Recycle gives the memory of a segment back, which must not be used any more. It may be called from any goroutine, and the
// segment may come from another Segmenter.
func (s *Segmenter) Recycle(seg Segment) {
	if cap(seg.p) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < freeSegments {
		s.free = append(s.free, seg.p)
	}
}

// Hold returns a copy of a segment in memory of just its size, for one that has to wait, and gives the memory of the segment back: the room that is
// taken for what may not get smaller is several times of what it then needs. The copy is not to be given back.
func (s *Segmenter) Hold(seg Segment) Segment {
	held := seg
	held.p = bytes.Clone(seg.p)
	s.Recycle(seg)
	return held
}

// Compressed returns the compressed rows, which stay the Segment's own: what stands in an archive's directory as a file, or a
// part of one.
func (s Segment) Compressed() []byte { return s.p }
