package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"pgregory.net/rapid"

	"pgsluice/pipeline"
)

// steps is an endless cycle of sizes, some of them 0 but never all.
type steps struct {
	sizes []int
	next  int
}

func drawSteps(t *rapid.T, label string) *steps {
	sizes := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 6).Draw(t, label)
	return &steps{sizes: append(sizes, 1+sizes[0])}
}

func (s *steps) take() int {
	n := s.sizes[s.next%len(s.sizes)]
	s.next++
	return n
}

// identity copies r to w in Reads and Writes of the given sizes.
func identity(reads, writes *steps) runFunc {
	return func(_ context.Context, r io.Reader, w io.Writer) error {
		for {
			p := make([]byte, reads.take())
			n, err := r.Read(p)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := writeInSteps(w, p[:n], writes); err != nil {
				return err
			}
		}
	}
}

func writeInSteps(w io.Writer, p []byte, sizes *steps) error {
	for len(p) > 0 {
		n, err := w.Write(p[:min(len(p), sizes.take())])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// Any bytes arrive unchanged through any number of stages and taps, whatever the sizes of their steps,
// and every count agrees.
func TestBytesArriveUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 500).Draw(t, "data")
		sourceSteps := drawSteps(t, "source")
		stages := []pipeline.Stage{stage("source", func(_ context.Context, _ io.Reader, w io.Writer) error {
			return writeInSteps(w, data, sourceSteps)
		})}
		var tapped []*bytes.Buffer
		for i := range rapid.IntRange(0, 4).Draw(t, "stages") {
			if rapid.Bool().Draw(t, "tap") {
				var b bytes.Buffer
				tapped = append(tapped, &b)
				stages = append(stages, tap(fmt.Sprint("tap", i), func(_ context.Context, p []byte) error {
					b.Write(p)
					return nil
				}))
			}
			stages = append(stages, stage(fmt.Sprint("identity", i), identity(drawSteps(t, "reads"), drawSteps(t, "writes"))))
		}
		var got bytes.Buffer
		stages = append(stages, stage("sink", func(_ context.Context, r io.Reader, _ io.Writer) error {
			_, err := got.ReadFrom(r)
			return err
		}))

		flow, err := pipeline.Run(context.Background(), stages...)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range append(tapped, &got) {
			if !bytes.Equal(b.Bytes(), data) {
				t.Fatalf("got %q, want %q", b, data)
			}
		}
		for i, s := range flow.Stages {
			if i > 0 && s.BytesIn != int64(len(data)) || i < len(flow.Stages)-1 && s.BytesOut != int64(len(data)) {
				t.Fatalf("%s counted %d in, %d out, want %d", s.Name, s.BytesIn, s.BytesOut, len(data))
			}
		}
	})
}
