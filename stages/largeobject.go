package stages

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The stream between LargeObjectsOut and LargeObjectsIn: for each piece of contents a header of 16 bytes (OID 4,
// length 4, position 8, all big endian) and the bytes. The last header has OID 0, so that a cut is seen.
const (
	pieceHeader = 16
	pieceBytes  = 256 << 10 // of one large object at most; a larger one comes in several
)

func writePiece(w io.Writer, oid uint32, position int64, piece []byte) error {
	var header [pieceHeader]byte
	binary.BigEndian.PutUint32(header[0:], oid)
	binary.BigEndian.PutUint32(header[4:], uint32(len(piece)))
	binary.BigEndian.PutUint64(header[8:], uint64(position))
	if _, err := w.Write(header[:]); err != nil {
		return err
	}
	_, err := w.Write(piece)
	return err
}

// readPiece reads into buf, of pieceBytes. OID 0 is the end mark.
func readPiece(r io.Reader, buf []byte) (oid uint32, position int64, piece []byte, err error) {
	var header [pieceHeader]byte
	if _, err = io.ReadFull(r, header[:]); err == nil {
		size := binary.BigEndian.Uint32(header[4:])
		if size > pieceBytes {
			return 0, 0, nil, fmt.Errorf("a piece of %d bytes, more than %d", size, pieceBytes)
		}
		oid, position, piece = binary.BigEndian.Uint32(header[0:]), int64(binary.BigEndian.Uint64(header[8:])), buf[:size]
		_, err = io.ReadFull(r, piece)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the end has a mark of its own
	}
	return oid, position, piece, err
}

// EachLargeObject reads what LargeObjectsOut sends, up to its end mark, and calls f for each piece: first all of one
// large object in the order of their positions, the first at 0 and perhaps empty, then all of the next. f must not keep piece.
func EachLargeObject(r io.Reader, f func(oid uint32, position int64, piece []byte) error) error {
	buf := make([]byte, pieceBytes)
	for {
		oid, position, piece, err := readPiece(r, buf)
		switch {
		case err != nil:
			return err
		case oid == 0:
			return nil
		}
		if err := f(oid, position, piece); err != nil {
			return err
		}
	}
}
