package pgdump

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
)

// lockAhead passes messages between pg_dump and its server, and answers pg_dump's LOCK TABLE itself: up to version 15 it sends one for each table and
// waits for each, which at 20 ms costs 20 seconds for 1,000 tables. The server gets them all the same, in their place, and its answers
// are swallowed. The first error among them takes the place of the one that the next other query gets, since the transaction has failed by
// then: so pg_dump goes no further than it would have gone, and reads nothing without its locks.
type lockAhead struct {
	mu     sync.Mutex // held while a message is written to the client
	client *bufio.Writer
	owed   []string                // LOCK statements that the server has not answered yet
	failed *pgproto3.ErrorResponse // the first of its answers that is an error, until it is told
}

const messageHead = 5 // what it is 1, length of what follows with itself 4

// message reads the head of a message and gives the length of its body.
func message(r io.Reader, head *[messageHead]byte) (body int64, err error) {
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	body = int64(binary.BigEndian.Uint32(head[1:])) - 4
	if body < 0 {
		return 0, errors.New("a message of a negative length")
	}
	return body, nil
}

// toServer passes on what the client says, to its end.
func (l *lockAhead) toServer(server io.Writer, client io.Reader) error {
	in, out := bufio.NewReader(client), bufio.NewWriter(server)
	var head [messageHead]byte
	for {
		body, err := message(in, &head)
		if err != nil {
			return err
		}
		text, sql := []byte(nil), ""
		if head[0] == 'Q' && body > 0 && body < 1<<16 {
			text = make([]byte, body)
			if _, err := io.ReadFull(in, text); err != nil {
				return err
			}
			sql, body = string(text[:len(text)-1]), 0
		}
		ours := isLock(sql) && l.owe(sql) // before the server can answer
		_, _ = out.Write(head[:])         // an error stays, and Flush has it
		_, _ = out.Write(text)
		if _, err := io.CopyN(out, in, body); err != nil {
			return err
		}
		if ours { // the server has time until it is asked for what only it can answer
			err = l.answer()
		} else {
			err = out.Flush()
		}
		if err != nil {
			return err
		}
	}
}

func isLock(sql string) bool {
	return strings.HasPrefix(sql, "LOCK TABLE ") && strings.HasSuffix(strings.TrimSuffix(sql, ";"), " IN ACCESS SHARE MODE")
}

// owe says that a statement is answered here, unless one before has failed.
func (l *lockAhead) owe(sql string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return false
	}
	l.owed = append(l.owed, sql)
	return true
}

func (l *lockAhead) answer() error {
	done, _ := (&pgproto3.CommandComplete{CommandTag: []byte("LOCK TABLE")}).Encode(nil)
	done, _ = (&pgproto3.ReadyForQuery{TxStatus: 'T'}).Encode(done) // neither can fail
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.client.Write(done)
	return l.client.Flush()
}

// toClient passes on what the server says, to its end.
func (l *lockAhead) toClient(server io.Reader) error {
	in := bufio.NewReaderSize(server, 64<<10)
	var head [messageHead]byte
	for {
		body, err := message(in, &head)
		if err == nil {
			err = l.hear(head, body, in)
		}
		if err != nil {
			return errors.Join(err, l.tell())
		}
	}
}

// hear passes one message on, or swallows it.
func (l *lockAhead) hear(head [messageHead]byte, body int64, in *bufio.Reader) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := len(l.owed) > 0
	switch kind := head[0]; {
	case owed && kind == 'E':
		return l.fail(in, body)
	case owed && kind == 'C':
		_, err = io.CopyN(io.Discard, in, body)
		return err
	case owed && kind == 'Z':
		l.owed = l.owed[1:]
		_, err = io.CopyN(io.Discard, in, body)
		return err
	case kind == 'E' && l.failed != nil:
		_, err = io.CopyN(io.Discard, in, body)
		l.write()
	default:
		_, _ = l.client.Write(head[:])
		_, err = io.CopyN(l.client, in, body)
	}
	if err == nil && in.Buffered() == 0 {
		err = l.client.Flush()
	}
	return err
}

// fail keeps the first error of a LOCK. pg_dump will show another query with it.
func (l *lockAhead) fail(in io.Reader, body int64) error {
	text := make([]byte, body)
	if _, err := io.ReadFull(in, text); err != nil || l.failed != nil {
		return err
	}
	failed := &pgproto3.ErrorResponse{}
	if err := failed.Decode(text); err != nil {
		return err
	}
	failed.Message = fmt.Sprintf("%s (in %s)", failed.Message, shortened(l.owed[0]))
	l.failed = failed
	return nil
}

// mostOfLock is how much of a LOCK TABLE an error shows: from version 16 on it lists all tables.
const mostOfLock = 200

func shortened(sql string) string {
	if len(sql) <= mostOfLock {
		return sql
	}
	return strings.ToValidUTF8(sql[:mostOfLock], "") + "…"
}

func (l *lockAhead) write() {
	text, err := l.failed.Encode(nil)
	if err == nil {
		_, _ = l.client.Write(text)
	}
	l.failed = nil
}

// tell is the last that the client hears, where the server ends before it was asked for anything else.
func (l *lockAhead) tell() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		l.write()
	}
	return l.client.Flush()
}
