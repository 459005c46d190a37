package faults

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// frame is one message of PostgreSQL's protocol as it stands on the wire. See "Message Formats" in the manual.
type frame struct {
	kind byte // 0 for those that begin a connection, which have none
	raw  []byte
}

// Kinds that mean something here. A letter may stand for two messages, one in each direction.
const (
	kindQuery      = 'Q' // to the server
	kindParse      = 'P' // to the server
	kindCopyData   = 'd' // both ways
	kindReady      = 'Z' // to the client, as all below
	kindKeyData    = 'K'
	kindDataRow    = 'D'
	kindError      = 'E'
	kindComplete   = 'C'
	startupVersion = 3 << 16
)

// longest bounds what is kept in memory; nothing that these tests send comes near.
const longest = 64 << 20

// readStartup reads a message without a kind: a startup packet or a cancel request.
func readStartup(r *bufio.Reader) (frame, error) {
	head, err := r.Peek(4)
	if err != nil {
		return frame{}, err
	}
	return readRaw(r, 0, int(binary.BigEndian.Uint32(head)))
}

// readFrame reads the next message. A stream that ends within one is io.ErrUnexpectedEOF.
func readFrame(r *bufio.Reader) (frame, error) {
	head, err := r.Peek(5)
	if err != nil {
		if len(head) > 0 && err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return frame{}, err
	}
	return readRaw(r, head[0], 1+int(binary.BigEndian.Uint32(head[1:])))
}

func readRaw(r *bufio.Reader, kind byte, length int) (frame, error) {
	if length < 5 || length > longest {
		return frame{}, fmt.Errorf("message %q of %d bytes", kind, length)
	}
	f := frame{kind: kind, raw: make([]byte, length)}
	_, err := io.ReadFull(r, f.raw)
	return f, err
}

// sql is the text of a statement that the client sends, "" in all other messages.
func (f frame) sql() string {
	switch {
	case f.kind == kindQuery:
		return string(bytes.TrimRight(f.raw[5:], "\x00"))
	case f.kind == kindParse:
		_, rest, _ := bytes.Cut(f.raw[5:], []byte{0}) // the prepared statement's name
		text, _, _ := bytes.Cut(rest, []byte{0})
		return string(text)
	}
	return ""
}

// parameter is one of a startup packet's.
func (f frame) parameter(name string) string {
	if len(f.raw) < 8 || binary.BigEndian.Uint32(f.raw[4:]) != startupVersion {
		return ""
	}
	words := bytes.Split(f.raw[8:], []byte{0})
	for i := 0; i+1 < len(words); i += 2 {
		if string(words[i]) == name {
			return string(words[i+1])
		}
	}
	return ""
}

// pid is the backend's, in BackendKeyData.
func (f frame) pid() int { return int(binary.BigEndian.Uint32(f.raw[5:])) }

// value is the first of a DataRow.
func (f frame) value() string {
	if f.kind != kindDataRow || len(f.raw) < 11 {
		return ""
	}
	length := int32(binary.BigEndian.Uint32(f.raw[7:]))
	if length < 0 || len(f.raw) < 11+int(length) {
		return ""
	}
	return string(f.raw[11 : 11+length])
}

// sqlState is that of an ErrorResponse.
func (f frame) sqlState() string {
	if f.kind != kindError {
		return ""
	}
	for _, field := range bytes.Split(f.raw[5:], []byte{0}) {
		if len(field) > 1 && field[0] == 'C' {
			return string(field[1:])
		}
	}
	return ""
}
