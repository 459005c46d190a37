package stages

import (
	"context"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pgsluice/pipeline"
)

// Copied is what was read of one table of a group.
type Copied struct{ Rows, Bytes int64 }

// GroupOut is CopyOut for many small tables at once, and goes with GroupIn: what it sends has marks between the tables. It asks for all in one
// message, statements that are each one COPY … TO STDOUT, so that a group costs one round trip. Its name is "copy-out".
//
// What was read of each table is stored in read, which is as long as statements; t gets the rows' bytes as they leave, as from a Meter, which
// would count the marks, too. Memory is bounded, also when a table is larger than was thought.
//
// The caller owns conn and must not use it meanwhile. An error of the server arrives as *pgconn.PgError and leaves conn usable;
// if anything else fails, conn is closed.
func GroupOut(conn *pgconn.PgConn, statements []string, read []Copied, t Tally) pipeline.Stage {
	return pipeline.Stage{Name: "copy-out", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		g := &groupOut{talk: begin(ctx, conn), out: newFramer(w, t), read: read}
		err := g.ask(statements)
		if err == nil {
			err = g.run()
		}
		return g.finish(err)
	}}
}

type groupOut struct {
	*talk
	out  *framer
	read []Copied
}

func (g *groupOut) run() error {
	table := 0
	var refused error
	for {
		msg, err := g.receive()
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			if table == len(g.read) {
				return errTooMany
			}
			g.read[table].Bytes += int64(len(msg.Data))
			err = g.out.rows(msg.Data)
		case *pgproto3.CommandComplete:
			var n int64
			switch n, err = rowsOf(pgconn.NewCommandTag(string(msg.CommandTag))); {
			case err != nil:
			case table == len(g.read):
				err = errTooMany
			default:
				g.read[table].Rows = n
				table++
				err = g.out.end(tableFrame, int(n))
			}
		case *pgproto3.ErrorResponse:
			refused = pgconn.ErrorResponseToPgError(msg)
		case *pgproto3.ReadyForQuery:
			g.ready.Store(true)
			if refused != nil {
				return refused
			}
			if table < len(g.read) {
				return errTooFew
			}
			return g.out.end(groupFrame, table)
		}
		if err != nil {
			return err
		}
	}
}

// joined are statements as one message. What ends one stands on a line of its own: a statement may end in a comment.
func joined(statements []string) string { return strings.Join(statements, "\n;\n") }
