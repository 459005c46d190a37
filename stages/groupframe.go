package stages

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The stream between GroupOut and GroupIn: frames of a head of 9 bytes (what it is 1, number 8, big endian) and, behind rowsFrame,
// that many bytes. A table is any number of rowsFrames and a tableFrame with the count of its rows. The last frame is a groupFrame
// with the count of tables, so that a cut is seen, wherever it is.
const (
	rowsFrame  = 'r'
	tableFrame = 't'
	groupFrame = 'g'
	frameHead  = 9
)

// framer writes frames. Rows are gathered into frames of about ChunkBytes, none of which spans two tables.
type framer struct {
	w     io.Writer
	buf   []byte // a head's room, then rows
	tally Tally
	err   error // the first of w, as w gave it; sticky
}

func newFramer(w io.Writer, t Tally) *framer {
	return &framer{w: w, buf: make([]byte, frameHead, ChunkBytes), tally: t}
}

func (f *framer) rows(p []byte) error {
	for len(p) > 0 && f.err == nil {
		n := min(len(p), cap(f.buf)-len(f.buf))
		f.buf = append(f.buf, p[:n]...)
		if p = p[n:]; len(f.buf) == cap(f.buf) {
			f.send(rowsFrame, len(f.buf)-frameHead)
		}
	}
	return f.err
}

// end sends what is held and the frame that ends a table, or the group.
func (f *framer) end(kind byte, number int) error {
	if len(f.buf) > frameHead {
		f.send(rowsFrame, len(f.buf)-frameHead)
	}
	f.send(kind, number)
	return f.err
}

func (f *framer) send(kind byte, number int) {
	if f.err != nil {
		return
	}
	f.buf[0] = kind
	binary.BigEndian.PutUint64(f.buf[1:], uint64(number))
	if kind == rowsFrame && f.tally != nil {
		f.tally.Add(number)
	}
	_, f.err = f.w.Write(f.buf)
	f.buf = f.buf[:frameHead]
}

var errBadFrame = errors.New("the stream of the group is damaged")

// readFrames reads tables up to the groupFrame and the end of r behind it. rows gets the bytes of one table after the other, in a slice
// that is good until it returns, and end the count at the end of each.
func readFrames(r io.Reader, tables int, rows func([]byte) error, end func(count int64) error) error {
	in := bufio.NewReaderSize(r, ChunkBytes)
	buf := make([]byte, ChunkBytes)
	for ended := 0; ; {
		var head [frameHead]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return unexpected(err)
		}
		number := int64(binary.BigEndian.Uint64(head[1:]))
		var err error
		switch {
		case head[0] == rowsFrame && ended < tables && number > 0 && number <= ChunkBytes:
			if _, err = io.ReadFull(in, buf[:number]); err != nil {
				return unexpected(err)
			}
			err = rows(buf[:number])
		case head[0] == tableFrame && ended < tables && number >= 0:
			ended++
			err = end(number)
		case head[0] == groupFrame && ended == tables && number == int64(tables):
			switch _, err := in.ReadByte(); err {
			case io.EOF: // the clean end, and nothing that wraps one
				return nil
			case nil:
				return fmt.Errorf("%w: something follows its end", errBadFrame)
			default:
				return err
			}
		default:
			return fmt.Errorf("%w: frame %q, %d, after %d of %d tables", errBadFrame, head[0], number, ended, tables)
		}
		if err != nil {
			return err
		}
	}
}

// unexpected is law 2 for an end in the middle.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
