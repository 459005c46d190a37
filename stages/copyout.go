package stages

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
)

// CopyOut is the first stage of a pipe that starts at a database. It runs sql, one
// COPY … TO STDOUT statement with nothing after it, on conn and sends the rows as
// the server words them, in chunks of ChunkBytes. Its name is "copy-out".
//
// When the server has sent all rows and the next stage has taken them, the number of
// rows is stored in *rows; after an error *rows is left alone. A nil rows is allowed.
//
// The caller owns conn and must not use it meanwhile. An error of the server arrives
// as *pgconn.PgError and leaves conn usable. If the next stage fails or ctx ends in
// the middle of the COPY, pgx closes conn, since the rest of the rows is still on the
// wire: so never run this on the connection that holds a snapshot. The connection's
// own clean-up then goes on for a moment; conn.CleanupDone tells when it has ended.
func CopyOut(conn *pgconn.PgConn, sql string, rows *int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-out", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		chunks := newChunker(w, ChunkBytes)
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
		return storeRows(tag, rows)
	}}
}

// storeRows takes the row count from the tag of a finished COPY. Another tag means
// that sql was no COPY, or that a statement followed it and its tag hides the count.
func storeRows(tag pgconn.CommandTag, rows *int64) error {
	if !strings.HasPrefix(tag.String(), "COPY ") {
		return fmt.Errorf("the server answered with the tag %q, not with that of a COPY", tag.String())
	}
	if rows != nil {
		*rows = tag.RowsAffected()
	}
	return nil
}
