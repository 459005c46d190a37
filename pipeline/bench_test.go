package pipeline_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"pgsluice/pipeline"
)

const chunkBytes = 64 << 10

// BenchmarkHop moves chunks of 64 KiB over one link. "bare" is the same over an io.Pipe without a
// pipeline: the difference is what the laws and the measuring cost.
func BenchmarkHop(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		b.SetBytes(chunkBytes)
		b.ReportAllocs()
		r, w := io.Pipe()
		done := make(chan error)
		go func() { done <- drain(b.Context(), r, nil) }()
		if err := pump(b.N)(b.Context(), nil, w); err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(w.Close(), <-done); err != nil {
			b.Fatal(err)
		}
	})
	hop := func(between pipeline.Stage) func(b *testing.B) {
		return func(b *testing.B) {
			b.SetBytes(chunkBytes)
			b.ReportAllocs()
			_, err := pipeline.Run(b.Context(), stage("pump", pump(b.N)), between, stage("drain", drain))
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("pipeline", hop(pipeline.Stage{}))
	b.Run("tapped", hop(tap("tap", func(context.Context, []byte) error { return nil })))
}
