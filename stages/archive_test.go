package stages_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"pgsluice/pipeline"
	"pgsluice/stages"
	"pgsluice/stages/stagetest"
)

// opened is what an archive gives, and whether it was closed.
type opened struct {
	io.Reader
	closed int
}

func (o *opened) Close() error { o.closed++; return nil }

func opens(r io.Reader) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return &opened{Reader: r}, nil }
}

func TestArchiveRowsConforms(t *testing.T) {
	var rows atomic.Int64
	stagetest.Run(t, stagetest.Subject{
		First: func(_ *testing.T, plain []byte) pipeline.Stage {
			rows.Store(0)
			return stages.ArchiveRows(opens(iotest.HalfReader(bytes.NewReader(plain))), &rows)
		},
		Check: func(t *testing.T, plain []byte) {
			if want := int64(bytes.Count(plain, []byte{'\n'})); rows.Load() != want {
				t.Errorf("%d rows of %d", rows.Load(), want)
			}
		},
	})
}

func TestArchiveFramesConforms(t *testing.T) {
	called := false
	stagetest.Run(t, stagetest.Subject{
		First: func(_ *testing.T, plain []byte) pipeline.Stage {
			called = false
			return stages.ArchiveFrames(opens(bytes.NewReader(plain)), func() { called = true })
		},
		Check: func(t *testing.T, _ []byte) {
			if !called {
				t.Error("the end was not told")
			}
		},
	})
}

// objects are large objects of an archive: each is an OID and contents.
type objects struct {
	oids     []uint32
	contents [][]byte
	at       int
	r        io.Reader
	err      error // in place of the end
	closed   bool
}

func (o *objects) NextObject() (uint32, error) {
	if o.at == len(o.oids) {
		if o.err != nil {
			return 0, o.err
		}
		return 0, io.EOF
	}
	o.r = iotest.OneByteReader(bytes.NewReader(o.contents[o.at]))
	if len(o.contents[o.at]) > 1000 {
		o.r = bytes.NewReader(o.contents[o.at])
	}
	o.at++
	return o.oids[o.at-1], nil
}

func (o *objects) Read(p []byte) (int, error) { return o.r.Read(p) }
func (o *objects) Close() error               { o.closed = true; return nil }

// Large objects of every size around a piece arrive as they were, an empty one too, and those that are not wanted do not.
func TestArchiveObjects(t *testing.T) {
	in := &objects{}
	for i, size := range []int{0, 1, 256<<10 - 1, 256 << 10, 256<<10 + 1, 600 << 10, 7} {
		in.oids, in.contents = append(in.oids, uint32(70000+i)), append(in.contents, bytes.Repeat([]byte{byte(i)}, size))
	}
	var count atomic.Int64
	var out bytes.Buffer
	wanted := func(oid uint32) bool { return oid != 70006 }
	_, err := pipeline.Run(t.Context(), stages.ArchiveObjects(func(context.Context) (stages.Objects, error) { return in, nil }, wanted, &count), stages.Sink(&out))
	if err != nil || count.Load() != 6 || !in.closed {
		t.Fatalf("%d objects, closed %v, error %v", count.Load(), in.closed, err)
	}
	got := map[uint32][]byte{}
	err = stages.EachLargeObject(&out, func(oid uint32, position int64, piece []byte) error {
		if position != int64(len(got[oid])) {
			t.Errorf("object %d: a piece at %d behind %d bytes", oid, position, len(got[oid]))
		}
		got[oid] = append(append([]byte{}, got[oid]...), piece...)
		return nil
	})
	if err != nil || len(got) != 6 || out.Len() > 0 {
		t.Fatalf("%d objects, %d bytes behind them, error %v", len(got), out.Len(), err)
	}
	for i, oid := range in.oids[:6] {
		if !bytes.Equal(got[oid], in.contents[i]) {
			t.Errorf("object %d: %d bytes of %d", oid, len(got[oid]), len(in.contents[i]))
		}
	}
}

// An end that is none, in whatever words, is never taken for the end.
func TestArchiveThatEndsTooEarly(t *testing.T) {
	for _, broken := range []error{io.ErrUnexpectedEOF, errors.New("torn")} {
		rows := func() io.Reader {
			return io.MultiReader(strings.NewReader(strings.Repeat("a row\n", 30000)), iotest.ErrReader(broken))
		}
		var count atomic.Int64
		read := make([]stages.Copied, 2)
		for name, first := range map[string]pipeline.Stage{
			"rows":   stages.ArchiveRows(opens(rows()), &count),
			"frames": stages.ArchiveFrames(opens(rows()), func() { t.Error("an end was told") }),
			"objects": stages.ArchiveObjects(func(context.Context) (stages.Objects, error) { return &objects{err: broken}, nil },
				func(uint32) bool { return true }, &count),
			"group": stages.ArchiveGroup(func(_ context.Context, i int) (io.ReadCloser, error) {
				return &opened{Reader: map[int]io.Reader{0: strings.NewReader("1\n"), 1: rows()}[i]}, nil
			}, read, nil),
		} {
			_, err := pipeline.Run(t.Context(), first, stages.Discard())
			var at *pipeline.Error
			if !errors.As(err, &at) || at.Stage != "archive" || !errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A group's tables are framed one by one, with their rows counted.
func TestArchiveGroup(t *testing.T) {
	tables := []string{"1\n2\n", "", strings.Repeat("a long row of text\n", 20000), "\n\n"}
	read := make([]stages.Copied, len(tables))
	var out bytes.Buffer
	var moved stages.Counter
	_, err := pipeline.Run(t.Context(), stages.ArchiveGroup(func(_ context.Context, i int) (io.ReadCloser, error) {
		return &opened{Reader: iotest.DataErrReader(strings.NewReader(tables[i]))}, nil
	}, read, &moved), stages.Sink(&out))
	if err != nil {
		t.Fatal(err)
	}
	var bytesOf int64
	for i, text := range tables {
		bytesOf += int64(len(text))
		if want := (stages.Copied{Rows: int64(strings.Count(text, "\n")), Bytes: int64(len(text))}); read[i] != want {
			t.Errorf("table %d: %+v, not %+v", i, read[i], want)
		}
	}
	if moved.Load() != bytesOf {
		t.Errorf("%d bytes moved of %d", moved.Load(), bytesOf)
	}
	var got strings.Builder
	for table, stream := 0, out.Bytes(); len(stream) > 0; {
		kind, number := stream[0], int(binary.BigEndian.Uint64(stream[1:]))
		stream = stream[9:]
		switch kind {
		case 'r':
			got.Write(stream[:number])
			stream = stream[number:]
		case 't':
			if got.String() != tables[table] || int64(number) != read[table].Rows {
				t.Errorf("table %d: %d bytes of %d, %d rows", table, got.Len(), len(tables[table]), number)
			}
			got.Reset()
			table++
		}
	}
}
