package stagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"pgsluice/pipeline"
)

// sizes sends every size around a chunk in steps of every kind.
func (s Subject) sizes(t *testing.T) {
	c := s.ChunkBytes
	for _, size := range []int{0, 1, c - 1, c, c + 1, 2*c + 500} {
		input := plain(size)
		steps := []int{1, 7, 4096, c - 1, c, c + 1, 3 * c}
		if s.First != nil {
			steps = steps[:1] // nothing comes in
		}
		for _, step := range steps {
			switch {
			case step > max(size, 1) && step != 3*c:
				continue // the same as 3c
			case step < 7 && size > c+1:
				continue // nothing new, and slow
			}
			t.Run(fmt.Sprintf("%d by %d", size, step), func(t *testing.T) {
				noLeak(t)
				s.whole(t, input, step)
			})
		}
	}
}

// whole runs one pipe to its clean end and compares.
func (s Subject) whole(t *testing.T, input []byte, step int) {
	t.Helper()
	end := new(tail)
	stages := []pipeline.Stage{head(nil, 1, cleanEnd), {}, end.stage()}
	received := func() []byte { return s.Decode(t, end.got) }
	switch {
	case s.First != nil:
		stages = []pipeline.Stage{s.First(t, input), end.stage()}
	case s.Last != nil:
		stages[0] = head(s.Encode(t, input), step, cleanEnd)
		stages[1], received = s.Last(t)
		stages = stages[:2]
	default:
		stages[0] = head(s.Encode(t, input), step, cleanEnd)
		stages[1] = s.Stage(t)
	}
	if err := pipe(t.Context(), t, stages...); err != nil {
		t.Fatal(err)
	}
	if received != nil {
		mustEqual(t, received(), input)
	}
	if s.Check != nil {
		s.Check(t, input)
	}
}

func mustEqual(t *testing.T, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	t.Fatalf("got %d bytes, want %d; they differ from byte %d on", len(got), len(want), at)
}

// readers runs the stage alone, on readers that io.Reader allows but pipes are not.
func (s Subject) readers(t *testing.T) {
	input := plain(3000)
	for _, kind := range []struct {
		name string
		of   func(io.Reader) io.Reader
		err  error
	}{
		{"one byte", iotest.OneByteReader, nil},
		{"half", iotest.HalfReader, nil},
		{"data with EOF", iotest.DataErrReader, nil},
		{"one byte, data with EOF", func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) }, nil},
		{"timeout", func(r io.Reader) io.Reader { return iotest.TimeoutReader(iotest.HalfReader(r)) }, iotest.ErrTimeout},
		{"error at once", func(io.Reader) io.Reader { return iotest.ErrReader(errUpstream) }, errUpstream},
		{"error after all", func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(errUpstream)) }, errUpstream},
		{"data with error", func(r io.Reader) io.Reader {
			return iotest.DataErrReader(io.MultiReader(r, iotest.ErrReader(errUpstream)))
		}, errUpstream},
		{"unexpected EOF after all", func(r io.Reader) io.Reader {
			return io.MultiReader(r, iotest.ErrReader(io.ErrUnexpectedEOF))
		}, io.ErrUnexpectedEOF},
	} {
		t.Run(kind.name, func(t *testing.T) {
			noLeak(t)
			stage, received := s.middleOrLast(t)
			if stage.Run == nil {
				t.Skip("a tap reads nothing itself")
			}
			var out bytes.Buffer
			if received == nil && s.Last == nil {
				received = func() []byte { return s.Decode(t, out.Bytes()) }
			}
			r := kind.of(bytes.NewReader(s.Encode(t, input)))
			err := within(t, func() error { return stage.Run(t.Context(), r, &out) })
			if kind.err != nil {
				mustBe(t, err, kind.err, "")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if received != nil {
				mustEqual(t, received(), input)
			}
		})
	}
}

func (s Subject) middleOrLast(t *testing.T) (pipeline.Stage, func() []byte) {
	t.Helper()
	if s.Last != nil {
		return s.Last(t)
	}
	return s.Stage(t), nil
}

// upstreamError lets the stage before fail after some bytes: the error comes out
// unchanged and what stands behind never sees an end.
func (s Subject) upstreamError(t *testing.T) {
	c := s.ChunkBytes
	input := s.Encode(t, plain(2*c+500))
	cuts := []int{0, 1, min(c, len(input)), len(input) / 2, len(input)}
	slices.Sort(cuts)
	for _, cut := range slices.Compact(cuts) {
		for _, kind := range []struct {
			name     string
			err, out error
		}{
			{"plain", errUpstream, errUpstream},
			{"EOF", io.EOF, io.ErrUnexpectedEOF},
			{"unexpected EOF", io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
			{"wrapped EOF", fmt.Errorf("reading: %w", io.EOF), nil},
		} {
			t.Run(fmt.Sprintf("%s at %d", kind.name, cut), func(t *testing.T) {
				noLeak(t)
				stage, _ := s.middleOrLast(t)
				end := new(tail)
				stages := []pipeline.Stage{
					head(input[:cut], 4096, func(context.Context) error { return kind.err }), stage, end.stage(),
				}
				if s.Last != nil {
					stages = stages[:2]
				}
				err := pipe(t.Context(), t, stages...)
				if kind.out != nil {
					mustBe(t, err, kind.out, "head")
				}
				if err == nil || errors.Is(end.end, io.EOF) {
					t.Fatalf("an error was taken for the end: pipe %v, tail %v", err, end.end)
				}
			})
		}
	}
}

// downstreamError lets the stage behind fail: nothing sends on.
func (s Subject) downstreamError(t *testing.T) {
	for _, after := range []int{0, 1, s.ChunkBytes} {
		t.Run(fmt.Sprintf("after %d", after), func(t *testing.T) {
			noLeak(t)
			err := pipe(t.Context(), t, append(s.endless(t),
				pipeline.Stage{Name: "tail", Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
					if _, err := io.CopyN(io.Discard, r, int64(after)); err != nil {
						return err
					}
					return errDownstream
				}})...)
			mustBe(t, err, errDownstream, "tail")
		})
	}
}
