package stages

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pgsluice/pipeline"
)

// GroupIn is CopyIn for what GroupOut sends: statements are each one COPY … FROM STDIN, in the same order, and rows gets how many rows the server
// has taken of each. It must run in a transaction, which the caller commits if the pipe ends well and the counts are right, and rolls back if
// not. Its name is "copy-in".
//
// All is sent without waiting for answers, so that a group costs one round trip: the server takes bytes that come before it has
// asked for them, and after an error passes over the rest of the message and the bytes for it. An error is heard while input is waited for.
//
// The caller owns conn and must not use it meanwhile. An error of the server arrives as *pgconn.PgError and leaves conn usable, the transaction
// failed; if anything else fails, conn is closed, and the server rolls back.
func GroupIn(conn *pgconn.PgConn, statements []string, rows []int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-in", Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
		g := &groupIn{talk: begin(ctx, conn), rows: rows}
		err := g.ask(statements)
		if err == nil {
			err = g.run(r)
		}
		return g.finish(err)
	}}
}

type groupIn struct {
	*talk
	rows []int64
}

func (g *groupIn) run(r io.Reader) error {
	var answers sync.WaitGroup
	var answer error
	answers.Go(func() {
		if answer = g.answers(); answer != nil && g.ctx.Err() == nil && !g.broken.Load() {
			pipeline.Abort(g.ctx, answer) // so that it is the first error, and nobody waits for input any more
		}
	})
	out := outbox{to: g.conn.Conn()}
	err := readFrames(r, len(g.rows),
		func(p []byte) error {
			err := out.put(&pgproto3.CopyData{Data: p})
			if err != nil || len(p) < ChunkBytes/2 { // the table's last: its end comes with it
				return err
			}
			return out.flush()
		},
		func(int64) error {
			if err := out.put(&pgproto3.CopyDone{}); err != nil {
				return err
			}
			return out.flush() // what comes next may take long
		})
	if err != nil { // of the input, which may also have been ended by what the server said
		g.breakOff()
	}
	answers.Wait()
	if refused := (*pgconn.PgError)(nil); errors.As(answer, &refused) || err == nil {
		return answer
	}
	return err
}

// outbox gathers messages. pgconn has one, but who reads the answers may close the connection, which puts a farewell there.
type outbox struct {
	to  io.Writer
	buf []byte
}

func (o *outbox) put(msg pgproto3.FrontendMessage) (err error) {
	o.buf, err = msg.Encode(o.buf)
	return err
}

func (o *outbox) flush() error {
	_, err := o.to.Write(o.buf)
	o.buf = o.buf[:0]
	return err
}

// answers reads all that the server says.
func (g *groupIn) answers() error {
	table := 0
	var refused error
	for {
		msg, err := g.receive()
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.CommandComplete:
			n, err := rowsOf(pgconn.NewCommandTag(string(msg.CommandTag)))
			switch {
			case err != nil:
				return err
			case table == len(g.rows):
				return errTooMany
			}
			g.rows[table] = n
			table++
		case *pgproto3.ErrorResponse:
			refused = pgconn.ErrorResponseToPgError(msg)
		case *pgproto3.ReadyForQuery:
			g.ready.Store(true)
			if refused == nil && table < len(g.rows) {
				return errTooFew
			}
			return refused
		}
	}
}
