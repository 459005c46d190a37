package archive

import "encoding/binary"

// stream joins segments to the compressed stream of one entry or large object.
type stream struct {
	method method
	empty  bool // nothing has been written
	adler  uint32
}

func (s *stream) begin() { s.empty, s.adler = true, 1 }

// zlibHeader says deflate, a window of 32 KiB, default compression, no dictionary.
var zlibHeader = []byte{0x78, 0x9c}

// append writes a segment.
func (s *stream) append(write func([]byte) error, seg Segment) error {
	if s.empty && s.method == zlibStream {
		if err := write(zlibHeader); err != nil {
			return err
		}
	}
	s.empty = false
	s.adler = combineAdler32(s.adler, seg.adler, int64(seg.raw))
	return write(seg.p)
}

// end writes what ends the stream. A stream without any bytes is written as an empty one, as pg_dump does: pg_restore refuses
// gzip data that is no zlib stream.
func (s *stream) end(write func([]byte) error) error {
	switch {
	case s.method == zlibStream:
		var p []byte
		if s.empty {
			p = append(p, zlibHeader...)
		}
		p = append(p, 0x03, 0x00) // a final block with nothing in it
		return write(binary.BigEndian.AppendUint32(p, s.adler))
	case !s.empty:
		return nil
	}
	if p := emptyStreams[s.method]; p != "" {
		return write([]byte(p))
	}
	return nil
}

// emptyStreams has what a file or block of no rows holds.
var emptyStreams = [...]string{
	gzipFile:   "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	lz4Frames:  "\x04\x22\x4d\x18\x60\x40\x82\x00\x00\x00\x00",
	zstdFrames: "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00",
}

// adlerBase is the largest prime below 2^16.
const adlerBase = 65521

// combineAdler32 returns the checksum of two pieces of data from the checksums of each and the second one's length: with
// a = 1 + Σ bytes and b = Σ a over all bytes, the second piece begins at a rather than at 1.
func combineAdler32(first, second uint32, length int64) uint32 {
	n := uint64(length) % adlerBase
	a1, b1 := uint64(first&0xffff), uint64(first>>16)
	a2, b2 := uint64(second&0xffff), uint64(second>>16)
	a := (a1 + a2 + adlerBase - 1) % adlerBase
	b := (b1 + b2 + n*(a1+adlerBase-1)) % adlerBase
	return uint32(b<<16 | a)
}
