// Package stagetest is the conformance suite that every stage of a pipeline runs,
// whichever package it comes from: what goes through arrives whole in pieces of any
// size, an error is never taken for the end, and nothing is left behind.
//
// It promises that a stage which passes keeps the contract that package stages
// states. It does not test what is special to a stage: what a server answers, how
// fast a throttle is, what a compressor does with damaged input.
package stagetest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pgsluice/pipeline"
)

// Subject describes a stage to Run. Exactly one of Stage, First and Last is set. Each
// is called once for each run of a pipe and returns a fresh stage.
type Subject struct {
	// Stage makes a stage or a tap that stands in the middle of a pipe.
	Stage func(t *testing.T) pipeline.Stage

	// First makes a stage that starts a pipe and whose output stands for plain.
	First func(t *testing.T, plain []byte) pipeline.Stage

	// Last makes a stage that ends a pipe. After a run without an error, received
	// returns the plain bytes that it was given; a nil received is not asked.
	Last func(t *testing.T) (stage pipeline.Stage, received func() []byte)

	// Encode returns the input that stands for plain; nil means plain itself.
	Encode func(t *testing.T, plain []byte) []byte

	// Decode is Encode's counterpart for the stage's output. An output that should
	// equal its input needs neither.
	Decode func(t *testing.T, out []byte) []byte

	// Check is called after each run that must have succeeded; nil checks nothing.
	// A stage that computes something from the bytes (a count, a digest) compares here.
	Check func(t *testing.T, plain []byte)

	// ChunkBytes is the size around which the sizes are chosen; 0 means 65,531.
	ChunkBytes int
}

// patience is how long a run may take before it counts as stuck: long enough for a
// loaded machine with the race detector, since only a failing test ever waits for it.
const patience = 30 * time.Second

var (
	errUpstream   = errors.New("upstream broke")
	errDownstream = errors.New("downstream broke")
	errCancelled  = errors.New("cancelled by the test")
)

// Run runs the suite on s. It watches goroutines, so the tests that call it must not
// run in parallel with others.
func Run(t *testing.T, s Subject) {
	t.Helper()
	if s.ChunkBytes == 0 {
		s.ChunkBytes = 65_531
	}
	identity := func(_ *testing.T, b []byte) []byte { return b }
	if s.Encode == nil {
		s.Encode = identity
	}
	if s.Decode == nil {
		s.Decode = identity
	}
	t.Run("sizes", s.sizes)
	t.Run("cancelled before", s.cancelledBefore)
	if s.First == nil {
		t.Run("readers", s.readers)
		t.Run("upstream error", s.upstreamError)
		t.Run("cancelled in read", s.cancelledInRead)
	}
	if s.Last == nil {
		t.Run("downstream error", s.downstreamError)
		t.Run("cancelled in write", s.cancelledInWrite)
	}
}

// plain returns n bytes that are neither constant nor incompressible.
func plain(n int) []byte {
	const letters = "abcdefgh\n\t\\0123"
	random := rand.New(rand.NewPCG(uint64(n), 15))
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
	}
	return b
}

// noLeak fails t if goroutines are left when t and its other clean-ups are done.
func noLeak(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// within returns what f returns, or fails t if f is stuck.
func within(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatalf("stuck for %v", patience)
		return nil
	}
}

// pipe runs stages and gives up when they are stuck.
func pipe(ctx context.Context, t *testing.T, stages ...pipeline.Stage) error {
	t.Helper()
	return within(t, func() error {
		_, err := pipeline.Run(ctx, stages...)
		return err
	})
}

// head is a first stage that sends input in steps and then does what end says. It
// wipes each piece after it has been sent: whoever kept it sees garbage.
func head(input []byte, step int, end func(ctx context.Context) error) pipeline.Stage {
	return pipeline.Stage{Name: "head", Run: func(ctx context.Context, _ io.Reader, w io.Writer) error {
		piece := make([]byte, step)
		for rest := input; len(rest) > 0; {
			n := copy(piece, rest)
			rest = rest[n:]
			if _, err := w.Write(piece[:n]); err != nil {
				return err
			}
			clear(piece)
		}
		return end(ctx)
	}}
}

func cleanEnd(context.Context) error { return nil }

// tail is a last stage that collects what arrives and how it ended.
type tail struct {
	got []byte
	end error
}

func (c *tail) stage() pipeline.Stage {
	return pipeline.Stage{Name: "tail", Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
		buf := make([]byte, 10_000)
		for {
			n, err := r.Read(buf)
			c.got = append(c.got, buf[:n]...)
			if err != nil {
				c.end = err
				if err == io.EOF {
					return nil
				}
				return err
			}
		}
	}}
}

// mustBe fails t unless err is cause and, where stage is not empty, names stage.
func mustBe(t *testing.T, err, cause error, stage string) {
	t.Helper()
	if !errors.Is(err, cause) {
		t.Fatalf("got error %v, want %v", err, cause)
	}
	var failed *pipeline.Error
	if stage != "" && (!errors.As(err, &failed) || failed.Stage != stage) {
		t.Fatalf("error %v doesn't name stage %s", err, stage)
	}
}
