package stages

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
)

// CopyOut is the first stage of a pipe that starts at a database. It runs sql, one
// COPY … TO STDOUT statement with nothing after it, on conn and sends the rows as
// the server words them, in chunks of ChunkBytes. Its name is "copy-out".
//
// *rows grows with each chunk that the next stage has taken, by about the rows in it.
// When all are sent it is the server's count of them. A nil rows is allowed.
//
// The caller owns conn and must not use it meanwhile. An error of the server arrives
// as *pgconn.PgError and leaves conn usable. If the next stage fails or ctx ends in
// the middle of the COPY, pgx closes conn, since the rest of the rows is still on the
// wire: so never run this on the connection that holds a snapshot. The connection's
// own clean-up then goes on for a moment; conn.CleanupDone tells when it has ended.
func CopyOut(conn *pgconn.PgConn, sql string, rows *atomic.Int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-out", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		chunks := newChunker(w, ChunkBytes, rows)
		tag, err := conn.CopyTo(ctx, chunks, sql)
		switch {
		case chunks.err != nil:
			return chunks.err
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		if err := chunks.flush(); err != nil {
			return err
		}
		n, err := rowsOf(tag)
		if err == nil && rows != nil {
			rows.Store(n)
		}
		return err
	}}
}

// rowsOf takes the row count from the tag of a finished COPY. Another tag means that sql was no COPY, or that a statement
// followed it and its tag hides the count.
func rowsOf(tag pgconn.CommandTag) (int64, error) {
	if !strings.HasPrefix(tag.String(), "COPY ") {
		return 0, fmt.Errorf("the server answered with the tag %q, not with that of a COPY", tag.String())
	}
	return tag.RowsAffected(), nil
}
