package stages

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
)

// batchCount is the number of large objects that two queries read: one asks for their sizes, one for all their contents.
// Their descriptors, a few hundred bytes each, are closed as soon as the size is known.
const batchCount = 1000

// sizesSQL asks for the sizes of large objects. 262144 is INV_READ, 2 is SEEK_END (libpq/libpq-fs.h). OFFSET 0 keeps the
// server from putting the call of lo_open wherever fd stands.
const sizesSQL = `SELECT pg_catalog.lo_lseek64(fd, 0, 2), pg_catalog.lo_close(fd)
FROM (SELECT pg_catalog.lo_open(o, 262144) AS fd FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS u (o, i) ORDER BY i OFFSET 0) AS opened`

// contentsSQL asks for large objects of known sizes piece by piece, an empty one as an empty piece. The server makes each
// row when the one before it has gone to the socket: neither side holds more than a piece.
var contentsSQL = fmt.Sprintf(`SELECT o, p, pg_catalog.lo_get(o, p, %d)
FROM (SELECT o, pg_catalog.generate_series(0, greatest(size - 1, 0), %[1]d) AS p
	FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::int8[])) AS u (o, size)) AS pieces`, pieceBytes)

// LargeObjectsOut is the first stage of a pipe that reads the contents of large objects, named "copy-out". conn is in
// a transaction whose snapshot it reads under. The number of objects is stored in *count when all have been read.
//
// It waits for the server twice per 1,000 objects, whatever their size, and holds about three pieces of 256 KiB.
//
// An error of the server names the object that was being read. When the next stage fails or ctx ends, the query is
// cancelled. The caller owns conn and must not use it meanwhile.
func LargeObjectsOut(conn *pgconn.PgConn, oids []uint32, count *atomic.Int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-out", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		out := newChunker(w, ChunkBytes, nil)
		for batch := range slices.Chunk(oids, batchCount) {
			sizes, err := readSizes(ctx, conn, batch)
			if err != nil {
				return err
			}
			if err := readContents(ctx, conn, batch, sizes, out); err != nil {
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

// readSizes returns the sizes in bytes, in the order of oids.
func readSizes(ctx context.Context, conn *pgconn.PgConn, oids []uint32) ([]int64, error) {
	rows := conn.ExecParams(ctx, sizesSQL, [][]byte{arrayOf(oids)}, nil, nil, []int16{1})
	sizes := make([]int64, 0, len(oids))
	for rows.NextRow() {
		sizes = append(sizes, int64(binary.BigEndian.Uint64(rows.Values()[0])))
	}
	if _, err := rows.Close(); err != nil {
		return nil, objectError(ctx, oids, len(sizes), err)
	}
	if len(sizes) != len(oids) {
		return nil, fmt.Errorf("%d large objects found, %d asked for", len(sizes), len(oids))
	}
	return sizes, nil
}

// readContents writes the contents of large objects to w. All pieces of one are written before the next one begins.
func readContents(ctx context.Context, conn *pgconn.PgConn, oids []uint32, sizes []int64, w io.Writer) error {
	query, stop := context.WithCancel(ctx)
	defer stop()
	rows := conn.ExecParams(query, contentsSQL, [][]byte{arrayOf(oids), arrayOf(sizes)}, nil, nil, []int16{1})
	at, position := 0, int64(0) // what the next row must be
	for rows.NextRow() {
		row := rows.Values()
		err := checkPiece(row, oids, sizes, at, position)
		if err == nil {
			err = writePiece(w, oids[at], position, row[2])
		}
		if err != nil {
			stop() // or Close would read the rest of the contents
			_, _ = rows.Close()
			return err
		}
		if position += pieceBytes; position >= sizes[at] {
			at, position = at+1, 0
		}
	}
	if _, err := rows.Close(); err != nil {
		return objectError(ctx, oids, at, err)
	}
	if at != len(oids) {
		return fmt.Errorf("the contents of %d large objects came, %d asked for", at, len(oids))
	}
	return nil
}

// checkPiece compares a row of contentsSQL with what the sizes let expect.
func checkPiece(row [][]byte, oids []uint32, sizes []int64, at int, position int64) error {
	oid, p := binary.BigEndian.Uint32(row[0]), int64(binary.BigEndian.Uint64(row[1]))
	if at >= len(oids) || oid != oids[at] || p != position {
		return fmt.Errorf("large object %d: its piece at %d came out of turn", oid, p)
	}
	if want := min(pieceBytes, sizes[at]-position); int64(len(row[2])) != want {
		return fmt.Errorf("large object %d: %d bytes at %d where its size says %d", oid, len(row[2]), position, want)
	}
	return nil
}

// objectError words an error that came in place of row at. The server sends all rows before it that it has made.
func objectError(ctx context.Context, oids []uint32, at int, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if at >= len(oids) {
		return err
	}
	return fmt.Errorf("large object %d: %w", oids[at], err)
}

// arrayOf words numbers as an array of PostgreSQL.
func arrayOf[T uint32 | int64](numbers []T) []byte {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.FormatInt(int64(n), 10)
	}
	return []byte("{" + strings.Join(texts, ",") + "}")
}
