package stages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// frameReader passes on the bytes of r and follows the outline of the one LZ4 frame
// that they must form, so that where a frame ends is decided here and not by how a
// decoder treats an end of input: a decoder that is lenient about frames that follow
// each other, or about the older format without an end mark, can't tell a stream
// that was cut from one that is complete.
//
// The layout is that of the LZ4 frame format, doc/lz4_Frame_format.md in the LZ4
// sources: magic (4 bytes), FLG and BD (1 each), content size (8, if FLG bit 3),
// dictionary id (4, if FLG bit 0), header checksum (1); then blocks, each a size
// (4, its highest bit says "stored"), data and a checksum (4, if FLG bit 4); then
// a size of zero, the end mark, and a content checksum (4, if FLG bit 2).
type frameReader struct {
	r     io.Reader
	field frameField // the one that comes next
	buf   [4]byte    // what has arrived of it
	have  int
	skip  int64 // bytes before it that need no look
	flags byte
}

type frameField int

const (
	frameMagic frameField = iota
	frameFlags
	frameBlockSize
	frameEnd
)

var errAfterFrame = errors.New("bytes follow the end of the LZ4 frame")

func newFrameReader(r io.Reader) *frameReader { return &frameReader{r: r} }

func (f *frameReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if bad := f.follow(p[:n]); bad != nil {
		return 0, bad
	}
	if err == io.EOF && (f.field != frameEnd || f.skip > 0) {
		return n, fmt.Errorf("the LZ4 frame is cut off: %w", io.ErrUnexpectedEOF)
	}
	return n, err
}

func (f *frameReader) follow(p []byte) error {
	for len(p) > 0 {
		if n := min(f.skip, int64(len(p))); n > 0 {
			f.skip -= n
			p = p[n:]
			continue
		}
		if f.field == frameEnd {
			return errAfterFrame
		}
		size := 4
		if f.field == frameFlags {
			size = 2
		}
		n := copy(f.buf[f.have:size], p)
		f.have += n
		p = p[n:]
		if f.have < size {
			continue
		}
		f.have = 0
		if err := f.next(binary.LittleEndian.Uint32(f.buf[:])); err != nil {
			return err
		}
	}
	return nil
}

// next takes the field that has just arrived and says what follows it.
func (f *frameReader) next(word uint32) error {
	const (
		magic                                                    = 0x184D2204
		hasDictionary, hasContentSum, hasSize, hasBlockSum uint8 = 1 << 0, 1 << 2, 1 << 3, 1 << 4
	)
	has := func(flag uint8, bytes int64) int64 {
		if f.flags&flag != 0 {
			return bytes
		}
		return 0
	}
	switch {
	case f.field == frameMagic && word != magic:
		return errors.New("not an LZ4 frame")
	case f.field == frameMagic:
		f.field = frameFlags
	case f.field == frameFlags:
		f.flags = f.buf[0]
		f.skip = has(hasSize, 8) + has(hasDictionary, 4) + 1
		f.field = frameBlockSize
	case word == 0:
		f.skip = has(hasContentSum, 4)
		f.field = frameEnd
	default:
		f.skip = int64(word&(1<<31-1)) + has(hasBlockSum, 4)
	}
	return nil
}
