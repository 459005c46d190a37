package stages

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/pipeline"
)

// aheadBatches is how many batches of writes, of 256 KiB or a little more each, are sent before the first of them must
// be answered: 8 MiB, so that a link of 400 MB/s is full at a latency of 20 ms. They wait in the sockets and on the
// way, not in this process.
const aheadBatches = 32

// callBytes is what a call of lo_put counts for beside its contents. It is 100 on the wire, but there is an answer, too, of
// about 65, and the answers to all that is sent ahead must fit the sockets: with 1 KiB they are half a MiB at most.
const callBytes = 1 << 10

// LargeObjectsIn is the last stage of a pipe that writes the contents of large objects, which exist, named
// "copy-in". conn is in a transaction. The number of objects is stored in *count when all have been written.
//
// Writes are sent ahead of the answers to those before, up to 8 MiB, and the stage holds about a MiB. An error of the
// server names the object; it is noticed with the next batch that is full, or at the end. After it conn can be used for a
// ROLLBACK; after an error of the reader or the end of ctx, only if conn's BuildContextWatcherHandler sends a cancel
// request, where pgx's own cuts the connection. The caller owns conn and must not use it meanwhile.
func LargeObjectsIn(conn *pgconn.PgConn, count *int64) pipeline.Stage {
	return pipeline.Stage{Name: "copy-in", Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
		put := newPutter(ctx, conn)
		n, err := putAll(put, r)
		if err == nil {
			err = put.finish()
		}
		if err != nil {
			put.abandon()
			return err
		}
		*count = n
		return nil
	}}
}

// putAll puts every piece of the stream and returns the number of objects.
func putAll(put *putter, r io.Reader) (n int64, err error) {
	in := bufio.NewReaderSize(r, ChunkBytes)
	buf := make([]byte, pieceBytes)
	for {
		oid, position, piece, err := readPiece(in, buf)
		if err != nil {
			return n, err
		}
		if oid == 0 {
			break
		}
		if position == 0 {
			n++
		}
		if len(piece) == 0 {
			continue
		}
		if err := put.piece(oid, position, piece); err != nil {
			return n, err
		}
	}
	switch _, err := in.ReadByte(); err {
	case io.EOF:
		return n, nil
	case nil:
		return n, errors.New("bytes after the last large object")
	default:
		return n, err
	}
}

// putter calls lo_put in pgx's pipeline mode: batches of calls, each ended by a Sync. Errors end it.
type putter struct {
	ctx  context.Context
	conn *pgconn.PgConn
	pipe *pgconn.Pipeline

	gathered int      // bytes in the batch that is not sent yet
	batches  int      // sent and not answered
	pending  []uint32 // the objects of the calls that are not answered, oldest first
}

func newPutter(ctx context.Context, conn *pgconn.PgConn) *putter {
	p := &putter{ctx: ctx, conn: conn, pipe: conn.StartPipeline(ctx)}
	// the unnamed statement lasts until the next one is parsed, so nothing is left behind on the session
	p.pipe.SendPrepare("", "SELECT pg_catalog.lo_put($1::oid, $2::int8, $3::bytea)", nil)
	return p
}

// piece copies contents; it may wait for the answers to earlier pieces.
func (p *putter) piece(oid uint32, position int64, contents []byte) error {
	p.pipe.SendQueryPrepared("", [][]byte{
		binary.BigEndian.AppendUint32(nil, oid), binary.BigEndian.AppendUint64(nil, uint64(position)), contents,
	}, []int16{1, 1, 1}, nil)
	p.pending = append(p.pending, oid)
	if p.gathered += len(contents) + callBytes; p.gathered < pieceBytes {
		return nil
	}
	if err := p.send(); err != nil {
		return err
	}
	if p.batches < aheadBatches {
		return nil
	}
	return p.answer()
}

// send ends the batch and sends it.
func (p *putter) send() error {
	p.gathered = 0
	p.batches++
	if err := p.pipe.Sync(); err != nil {
		return p.explain(err)
	}
	return nil
}

// answer waits for the oldest batch.
func (p *putter) answer() error {
	for {
		result, err := p.pipe.GetResults()
		if err != nil {
			return p.explain(err)
		}
		switch result := result.(type) {
		case *pgconn.ResultReader:
			if _, err := result.Close(); err != nil {
				return p.explain(err)
			}
			p.pending = p.pending[1:]
		case *pgconn.PipelineSync:
			p.batches--
			return nil
		case nil:
			return errors.New("the answer to a batch of large objects is missing")
		}
	}
}

// finish sends what is left and waits for all answers.
func (p *putter) finish() error {
	if err := p.send(); err != nil {
		return err
	}
	for p.batches > 0 {
		if err := p.answer(); err != nil {
			return err
		}
	}
	return p.explain(p.pipe.Close())
}

// abandon reads the answers that still come, if the connection has survived, so that it can be used again.
func (p *putter) abandon() {
	if !p.conn.IsClosed() {
		_ = p.pipe.Sync() // without it Close would close the connection
	}
	_ = p.pipe.Close()
}

// explain names the object whose call was to be answered next.
func (p *putter) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case p.ctx.Err() != nil:
		return context.Cause(p.ctx)
	case len(p.pending) == 0:
		return err
	}
	return fmt.Errorf("large object %d: %w", p.pending[0], err)
}
