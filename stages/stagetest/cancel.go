package stagetest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"pgsluice/pipeline"
)

// endlessBytes is the length of input for runs that are stopped long before its end.
const endlessBytes = 16 << 20

// endless returns the stages up to the subject, with more to send than any of these
// tests takes.
func (s Subject) endless(t *testing.T) []pipeline.Stage {
	t.Helper()
	input := bytes.Repeat(plain(1<<16), endlessBytes>>16)
	if s.First != nil {
		return []pipeline.Stage{s.First(t, input)}
	}
	return []pipeline.Stage{head(s.Encode(t, input), s.ChunkBytes, cleanEnd), s.Stage(t)}
}

// cancelledBefore runs a pipe whose context has already ended.
func (s Subject) cancelledBefore(t *testing.T) {
	noLeak(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCancelled)
	stages := []pipeline.Stage{head(s.Encode(t, plain(100)), 10, cleanEnd), {}, new(tail).stage()}
	switch {
	case s.First != nil:
		stages = []pipeline.Stage{s.First(t, plain(100)), stages[2]}
	case s.Last != nil:
		stages[1], _ = s.Last(t)
		stages = stages[:2]
	default:
		stages[1] = s.Stage(t)
	}
	mustBe(t, pipe(ctx, t, stages...), errCancelled, "")
}

// cancelledInRead cancels when the stage has been given some bytes and waits for more.
func (s Subject) cancelledInRead(t *testing.T) {
	noLeak(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stage, _ := s.middleOrLast(t)
	stages := []pipeline.Stage{
		head(s.Encode(t, plain(100)), 10, func(ctx context.Context) error {
			cancel(errCancelled)
			<-ctx.Done()
			return context.Cause(ctx)
		}), stage, new(tail).stage(),
	}
	if s.Last != nil {
		stages = stages[:2]
	}
	mustBe(t, pipe(ctx, t, stages...), errCancelled, "")
}

// cancelledInWrite cancels when the next stage has taken one byte of the stage's
// output and takes no more.
func (s Subject) cancelledInWrite(t *testing.T) {
	noLeak(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stages := append(s.endless(t), pipeline.Stage{
		Name: "tail", Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
			if _, err := io.ReadFull(r, make([]byte, 1)); err != nil {
				return err
			}
			cancel(errCancelled)
			<-ctx.Done()
			return context.Cause(ctx)
		},
	})
	mustBe(t, pipe(ctx, t, stages...), errCancelled, "")
}
