package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

// silence is how long a stream may have nothing to say, comments included. A daemon says something every 15 s.
const silence = time.Minute

// longest is the largest event that is read.
const longest = 64 << 20

// message is an event of a stream.
type message struct {
	id   uint64 // 0 if it has none
	name string
	data []byte // until take returns
}

var errLongest = errors.New("an event is longer than any of a daemon's")

// parse reads an event stream, as WHATWG's HTML standard has it, until it ends (nil), take returns false (nil), or an error. heard is called for
// each line.
func parse(r io.Reader, heard func(), take func(message) (bool, error)) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	var m message
	for {
		line, err := readLine(lines, longest-len(m.data))
		if errors.Is(err, io.EOF) {
			return nil // what has no empty line behind it is not an event yet
		}
		if err != nil {
			return err
		}
		heard()
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "id":
			m.id, _ = strconv.ParseUint(string(value), 10, 64) // another's id is none of ours
		case "event":
			m.name = string(value)
		case "data":
			if len(m.data) > 0 {
				m.data = append(m.data, '\n')
			}
			m.data = append(m.data, value...)
		}
		if len(line) > 0 {
			continue
		}
		if len(m.data) > 0 {
			if more, err := take(m); err != nil || !more {
				return err
			}
		}
		m = message{data: m.data[:0]}
	}
}

// readLine reads a line of most bytes at most, without its end.
func readLine(r *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > most {
			return nil, errLongest
		}
		if err == nil && line == nil {
			return bytes.TrimRight(part, "\r\n"), nil
		}
		line = append(line, part...)
		if err == nil {
			return bytes.TrimRight(line, "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}
