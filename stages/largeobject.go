package stages

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
)

// The stream between LargeObjectsOut and LargeObjectsIn: for each piece of contents a header of 16 bytes (OID 4,
// length 4, position 8, all big endian) and the bytes. The last header has OID 0, so that a cut is seen.
const (
	pieceHeader = 16
	pieceBytes  = 256 << 10 // of one large object a query; a larger one is read in several
	batchCount  = 64        // large objects whose first pieces one query reads: at most 16 MiB of answer
)

// LargeObjectsOut is the first stage of a pipe that reads the contents of large objects, named "copy-out". conn is in
// a transaction whose snapshot it reads under. The number of objects is stored in *count when all have been read.
// The caller owns conn and must not use it meanwhile.
func LargeObjectsOut(conn *pgconn.PgConn, oids []uint32, count *atomic.Int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-out", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		out := newChunker(w, ChunkBytes, nil)
		for begin := 0; begin < len(oids); begin += batchCount {
			batch := oids[begin:min(begin+batchCount, len(oids))]
			if err := readBatch(ctx, conn, batch, out); err != nil {
				return err
			}
		}
		if err := writePiece(out, 0, 0, nil); err != nil {
			return err
		}
		count.Store(int64(len(oids)))
		return out.flush()
	}}
}

// readBatch writes the contents of some large objects. All pieces of one are written before the next one begins.
func readBatch(ctx context.Context, conn *pgconn.PgConn, oids []uint32, w io.Writer) error {
	texts := make([]string, len(oids))
	for i, oid := range oids {
		texts[i] = strconv.FormatUint(uint64(oid), 10)
	}
	first, err := query(ctx, conn, "SELECT pg_catalog.lo_get(o, 0, "+strconv.Itoa(pieceBytes)+
		") FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS u (o, i) ORDER BY i", "{"+strings.Join(texts, ",")+"}")
	if err != nil {
		return err
	}
	if len(first) != len(oids) {
		return fmt.Errorf("%d large objects read, %d asked for", len(first), len(oids))
	}
	for i, oid := range oids {
		piece := first[i]
		for position := int64(0); ; {
			if err := writePiece(w, oid, position, piece); err != nil {
				return err
			}
			position += int64(len(piece))
			if len(piece) < pieceBytes {
				break
			}
			next, err := query(ctx, conn, "SELECT pg_catalog.lo_get($1::oid, $2::int8, "+strconv.Itoa(pieceBytes)+")",
				texts[i], strconv.FormatInt(position, 10))
			if err != nil {
				return fmt.Errorf("large object %d: %w", oid, err)
			}
			piece = next[0]
		}
	}
	return nil
}

// query runs a statement that gives one column, in binary.
func query(ctx context.Context, conn *pgconn.PgConn, sql string, args ...string) ([][]byte, error) {
	values := make([][]byte, len(args))
	for i, a := range args {
		values[i] = []byte(a)
	}
	result := conn.ExecParams(ctx, sql, values, nil, nil, []int16{1}).Read()
	if result.Err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, result.Err
	}
	column := make([][]byte, len(result.Rows))
	for i, row := range result.Rows {
		column[i] = row[0]
	}
	return column, nil
}

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

// LargeObjectsIn is the last stage of a pipe that writes the contents of large objects, which exist, named
// "copy-in". conn is in a transaction. The number of objects is stored in *count when all have been written. The
// caller owns conn and must not use it meanwhile.
func LargeObjectsIn(conn *pgconn.PgConn, count *int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-in", Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
		in := bufio.NewReaderSize(r, ChunkBytes)
		buf := make([]byte, pieceBytes)
		n := int64(0)
		for {
			oid, position, piece, err := readPiece(in, buf)
			if err != nil {
				return err
			}
			if oid == 0 {
				switch _, err := in.ReadByte(); err {
				case io.EOF:
					*count = n
					return nil
				case nil:
					return errors.New("bytes after the last large object")
				default:
					return err
				}
			}
			if position == 0 {
				n++
			}
			if len(piece) == 0 {
				continue
			}
			result := conn.ExecParams(ctx, "SELECT pg_catalog.lo_put($1::oid, $2::int8, $3::bytea)", [][]byte{
				strconv.AppendUint(nil, uint64(oid), 10), strconv.AppendInt(nil, position, 10), piece,
			}, nil, []int16{0, 0, 1}, nil).Read()
			if result.Err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				return fmt.Errorf("large object %d: %w", oid, result.Err)
			}
		}
	}}
}

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
