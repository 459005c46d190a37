package stages

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

var (
	errTooMany = errors.New("the server has answered to more statements than it was sent")
	errTooFew  = errors.New("the server has answered to fewer statements than it was sent")
)

// abandonDeadline bounds what is said to a server whose answer nobody waits for.
const abandonDeadline = 3 * time.Second

// talk is one simple query that pgconn has no function for: its answers are read message by message.
type talk struct {
	ctx    context.Context
	conn   *pgconn.PgConn
	ready  atomic.Bool // the server has nothing more to say
	broken atomic.Bool // by breakOff
	stop   func() bool // of what breaks reads and writes off when ctx ends
}

func begin(ctx context.Context, conn *pgconn.PgConn) *talk {
	// one watch for all messages: ReceiveMessage's own would be one for each row
	return &talk{ctx: ctx, conn: conn, stop: context.AfterFunc(ctx, func() { expire(conn) })}
}

// expire makes reads and writes fail, those in work, too.
func expire(conn *pgconn.PgConn) {
	_ = conn.Conn().SetDeadline(time.Unix(1, 0)) // it fails on a closed connection, where they have failed
}

// breakOff ends the talk before the server does, for whoever waits in receive.
func (t *talk) breakOff() {
	if !t.ready.Load() {
		t.broken.Store(true)
		expire(t.conn)
	}
}

// ask sends the statements as one message.
func (t *talk) ask(statements []string) error {
	t.conn.Frontend().SendQuery(&pgproto3.Query{String: joined(statements)})
	return t.conn.Frontend().Flush()
}

// receive gives the next message, which is good until the next call.
func (t *talk) receive() (pgproto3.BackendMessage, error) {
	msg, err := t.conn.ReceiveMessage(context.Background())
	if bare := errors.Unwrap(err); bare != nil {
		err = bare // as CopyTo and CopyFrom have it
	}
	return msg, err
}

// finish ends the talk with its error, the cause of ctx if that has ended. Unless the server is ready for the next one, and nothing has touched the
// deadlines, the connection is closed: the rest of the answers may still be on the wire.
func (t *talk) finish(err error) error {
	untouched := t.stop() && !t.broken.Load()
	if !t.ready.Load() || !untouched {
		t.abandon()
	}
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	return err
}

// abandon ends what the server does, and the connection.
func (t *talk) abandon() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), abandonDeadline)
	defer cancel()
	if !t.conn.IsClosed() {
		_ = t.conn.CancelRequest(ctx) // a kindness: without it the server notices when it writes, or ends a statement
		_ = t.conn.Close(ctx)
	}
}
