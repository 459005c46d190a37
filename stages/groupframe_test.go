package stages

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// frames are three tables as bytes: one of two rows, an empty one, and one that needs more than a frame.
func frames(t *testing.T) (stream []byte, tables []string, tally *Counter) {
	t.Helper()
	tables = []string{"1\tone\n2\ttwo\n", "", strings.Repeat("x", 3*ChunkBytes)}
	var out bytes.Buffer
	tally = new(Counter)
	f := newFramer(&out, tally)
	for i, rows := range tables {
		for line := range strings.Lines(rows) {
			if err := f.rows([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.end(tableFrame, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.end(groupFrame, len(tables)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), tables, tally
}

// decode gives the tables, of which there should be so many.
func decode(r io.Reader, n int) (tables []string, err error) {
	var table strings.Builder
	err = readFrames(r, n,
		func(p []byte) error { table.Write(p); return nil },
		func(count int64) error {
			if count != int64(len(tables)) {
				return errors.New("another table's count")
			}
			tables = append(tables, table.String())
			table.Reset()
			return nil
		})
	return tables, err
}

func TestFrames(t *testing.T) {
	stream, want, tally := frames(t)
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(stream), "a byte at a time": iotest.OneByteReader(bytes.NewReader(stream))} {
		if got, err := decode(r, len(want)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d tables, %v", name, len(got), err)
		}
	}
	if got := tally.Load(); got != int64(len(strings.Join(want, ""))) {
		t.Errorf("%d bytes counted", got)
	}
}

// An end that is none is an error wherever it comes, between two tables, too.
func TestFramesCut(t *testing.T) {
	stream, want, _ := frames(t)
	for n := range stream {
		if n > 100 && n < len(stream)-100 && n%4999 != 0 {
			continue
		}
		if _, err := decode(bytes.NewReader(stream[:n]), len(want)); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(stream), err)
		}
	}
	if _, err := decode(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(stream))), len(want)); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a failing input: %v", err)
	}
}

func TestFramesDamaged(t *testing.T) {
	stream, want, _ := frames(t)
	for name, bad := range map[string]struct {
		stream []byte
		tables int
	}{
		"one table fewer":  {stream, len(want) + 1},
		"one table more":   {stream, len(want) - 1},
		"something behind": {append(slices.Clone(stream), stream...), len(want)},
		"another kind":     {append([]byte("?"), stream[1:]...), len(want)},
		"endless rows":     {[]byte("r\xff\xff\xff\xff\xff\xff\xff\xff"), 1},
		"too many rows":    {[]byte("r\x00\x00\x00\x00\x7f\xff\xff\xff"), 1},
		"negative count":   {[]byte("t\xff\xff\xff\xff\xff\xff\xff\xff"), 1},
	} {
		if _, err := decode(bytes.NewReader(bad.stream), bad.tables); !errors.Is(err, errBadFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzFrames: whatever comes in, nothing panics, and only a whole group ends well.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("r\x00\x00\x00\x00\x00\x00\x00\x01xt\x00\x00\x00\x00\x00\x00\x00\x01g\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Add([]byte("g\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		ended := 0
		err := readFrames(bytes.NewReader(stream), 1, func([]byte) error { return nil }, func(int64) error { ended++; return nil })
		if err == nil && ended != 1 {
			t.Errorf("%d tables", ended)
		}
	})
}
