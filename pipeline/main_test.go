package pipeline_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.uber.org/goleak"

	"pgsluice/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

type runFunc = func(ctx context.Context, r io.Reader, w io.Writer) error

func stage(name string, run runFunc) pipeline.Stage { return pipeline.Stage{Name: name, Run: run} }

func tap(name string, see func(ctx context.Context, p []byte) error) pipeline.Stage {
	return pipeline.Stage{Name: name, Tap: see}
}

// pump writes n chunks of 64 KiB.
func pump(n int) runFunc {
	return func(_ context.Context, _ io.Reader, w io.Writer) error {
		chunk := make([]byte, chunkBytes)
		for range n {
			if _, err := w.Write(chunk); err != nil {
				return err
			}
		}
		return nil
	}
}

// send writes text once.
func send(text string) runFunc {
	return func(_ context.Context, _ io.Reader, w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// forward copies until io.EOF.
func forward(_ context.Context, r io.Reader, w io.Writer) error {
	buf := make([]byte, chunkBytes)
	for {
		n, err := r.Read(buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
	}
}

// drain reads to the end.
func drain(_ context.Context, r io.Reader, _ io.Writer) error {
	buf := make([]byte, chunkBytes)
	for {
		if _, err := r.Read(buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// idle neither reads nor writes until it is cancelled.
func idle(ctx context.Context, _ io.Reader, _ io.Writer) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// failedAt checks that err is the failure of the named stage and can't be taken for a clean end.
func failedAt(t *testing.T, err error, name string) pipeline.Error {
	t.Helper()
	var failed *pipeline.Error
	if !errors.As(err, &failed) || failed.Stage != name {
		t.Fatalf("error %v, want one of stage %s", err, name)
	}
	if errors.Is(err, io.EOF) {
		t.Fatalf("error %v is io.EOF", err)
	}
	return *failed
}
