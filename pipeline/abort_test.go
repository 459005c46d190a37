package pipeline_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"pgsluice/pipeline"
)

// A library in which the stage is blocked learns of the failure, but waits for its own Read.
func TestAbortFreesItsOwnRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard, own error
		_, err := pipeline.Run(t.Context(),
			stage("source", idle),
			stage("sink", func(ctx context.Context, r io.Reader, _ io.Writer) error {
				go func() {
					synctest.Wait()
					pipeline.Abort(ctx, errBoom)
					pipeline.Abort(ctx, errors.New("a later thought"))
				}()
				_, heard = r.Read(make([]byte, 1))
				own = ctx.Err()
				return errors.New("57014")
			}))
		failedAt(t, err, "sink")
		if !errors.Is(err, errBoom) || heard != err {
			t.Errorf("answer %v, the blocked Read returned %v", err, heard)
		}
		if own != nil {
			t.Errorf("the context of the aborting stage: %v", own)
		}
	})
}

func TestAbortThenNil(t *testing.T) {
	var saw error
	_, err := pipeline.Run(t.Context(),
		stage("bad", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			pipeline.Abort(ctx, nil)
			return nil
		}),
		stage("sink", ends(&saw)))
	if failedAt(t, err, "bad"); saw == io.EOF || err.Error() != "bad: aborted without an error" {
		t.Errorf("answer %v, the sink read %v", err, saw)
	}
}

func TestAbortComesSecond(t *testing.T) {
	_, err := pipeline.Run(t.Context(),
		stage("first", func(context.Context, io.Reader, io.Writer) error { return errBoom }),
		stage("second", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			<-ctx.Done()
			pipeline.Abort(ctx, errors.New("an echo"))
			return nil
		}))
	if failed := failedAt(t, err, "first"); failed.Err != errBoom {
		t.Errorf("error %v", err)
	}
}

func TestAbortByATap(t *testing.T) {
	_, err := pipeline.Run(t.Context(),
		stage("source", send("x")),
		tap("bad", func(ctx context.Context, _ []byte) error {
			pipeline.Abort(ctx, errBoom)
			return nil
		}),
		stage("sink", drain))
	if failedAt(t, err, "bad"); !errors.Is(err, errBoom) {
		t.Errorf("error %v", err)
	}
}

// In a pipeline inside a stage, Abort means the inner stage.
func TestAbortInside(t *testing.T) {
	_, err := pipeline.Run(t.Context(), stage("outer", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
		_, err := pipeline.Run(ctx, stage("inner", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			pipeline.Abort(ctx, errBoom)
			return nil
		}))
		return err
	}))
	if failedAt(t, err, "outer"); err.Error() != "outer: inner: boom" {
		t.Errorf("error %v", err)
	}
}

func TestAbortOutside(t *testing.T) {
	pipeline.Abort(t.Context(), errBoom) // nothing to stop, nothing happens

	var ctx context.Context
	_, err := pipeline.Run(t.Context(), stage("over", func(c context.Context, _ io.Reader, _ io.Writer) error {
		ctx = c
		return nil
	}))
	pipeline.Abort(ctx, errBoom)
	if err != nil {
		t.Error(err)
	}
}
