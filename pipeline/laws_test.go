package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgsluice/pipeline"
)

// Many tests run in a synctest bubble: synctest.Wait returns when every stage is blocked, so that a
// failure can be placed exactly, and a pipeline that hangs is reported at once.

// ends returns a stage that reads to its end and records how that end looked.
func ends(saw *error) runFunc {
	return func(_ context.Context, r io.Reader, _ io.Writer) error {
		buf := make([]byte, chunkBytes)
		for {
			if _, *saw = r.Read(buf); *saw != nil {
				if *saw == io.EOF {
					return nil
				}
				return *saw
			}
		}
	}
}

func TestLaw1OnlyNilEndsTheStream(t *testing.T) {
	for _, bad := range []error{errBoom, io.EOF, io.ErrClosedPipe, context.Canceled} {
		t.Run(bad.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var saw error
				_, err := pipeline.Run(t.Context(),
					stage("source", func(_ context.Context, _ io.Reader, w io.Writer) error {
						if _, err := io.WriteString(w, "half of it"); err != nil {
							return err
						}
						synctest.Wait() // the sink is blocked in Read
						return bad
					}),
					stage("sink", ends(&saw)))
				failedAt(t, err, "source")
				if saw == io.EOF || saw == nil {
					t.Errorf("the sink read %v after the source had failed", saw)
				}
			})
		})
	}
}

func TestLaw1NilEndsTheStream(t *testing.T) {
	var saw error
	_, err := pipeline.Run(t.Context(), stage("source", send("all of it")), stage("sink", ends(&saw)))
	if err != nil || saw != io.EOF {
		t.Errorf("Run: %v, the sink read %v, want nil and io.EOF", err, saw)
	}
}

// The stream has already ended for "late", which has not read that end yet when "sink" fails. The many
// stages between them lengthen the time in which the failure is recorded, but not every link is broken.
func TestLaw1NoEndAfterAFailure(t *testing.T) {
	var first error // also the empty input of the first stage does not end any more
	_, err := pipeline.Run(t.Context(),
		stage("first", func(ctx context.Context, r io.Reader, w io.Writer) error {
			<-ctx.Done()
			return ends(&first)(ctx, r, w)
		}),
		stage("sink", func(context.Context, io.Reader, io.Writer) error { return errBoom }))
	if failedAt(t, err, "sink"); first != err {
		t.Errorf("the first stage read %v", first)
	}

	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			var saw error
			stages := []pipeline.Stage{
				stage("source", send("")),
				stage("late", func(ctx context.Context, r io.Reader, w io.Writer) error {
					<-ctx.Done()
					return ends(&saw)(ctx, r, w)
				}),
			}
			for range 200 {
				stages = append(stages, stage("between", idle))
			}
			_, err := pipeline.Run(t.Context(), append(stages,
				stage("sink", func(context.Context, io.Reader, io.Writer) error {
					synctest.Wait() // source has returned
					return errBoom
				}))...)
			failedAt(t, err, "sink")
			if !errors.Is(saw, errBoom) {
				t.Errorf("late read %v, want the failure of sink", saw)
			}
		})
	}
}

// A middle stage that has returned nil must not end the stream before its own input has ended well.
func TestLaw1EndWaitsForTheStagesOnTheLeft(t *testing.T) {
	for _, last := range []error{nil, errBoom} {
		t.Run(fmt.Sprint(last), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var saw error
				_, err := pipeline.Run(t.Context(),
					stage("source", func(context.Context, io.Reader, io.Writer) error {
						synctest.Wait() // middle has returned
						if saw != nil {
							t.Errorf("the sink read %v while the source was at work", saw)
						}
						return last
					}),
					stage("middle", func(context.Context, io.Reader, io.Writer) error { return nil }),
					stage("sink", ends(&saw)))
				if !errors.Is(err, last) || last == nil && saw != io.EOF || last != nil && !errors.Is(saw, errBoom) {
					t.Errorf("Run: %v, the sink read %v", err, saw)
				}
			})
		})
	}
}

// A stage that takes its cancelled context for the end of the work has not read everything.
func TestLaw1NilAfterCancellationIsNoEnd(t *testing.T) {
	for range 200 { // the order of events after cancel is up to the scheduler
		ctx, cancel := context.WithCancelCause(t.Context())
		var saw error
		_, err := pipeline.Run(ctx,
			stage("source", func(context.Context, io.Reader, io.Writer) error {
				cancel(errBoom)
				return nil
			}),
			stage("sink", ends(&saw)))
		if !errors.Is(err, errBoom) || saw == io.EOF {
			t.Fatalf("Run: %v, the sink read %v", err, saw)
		}
	}
}

func TestLaw1StagesCannotClose(t *testing.T) {
	look := func(_ context.Context, r io.Reader, w io.Writer) error {
		for _, end := range []any{r, w} {
			if n := reflect.TypeOf(end).NumMethod(); n != 1 {
				return fmt.Errorf("%T has %d exported methods", end, n)
			}
			if _, ok := end.(io.Closer); ok {
				return fmt.Errorf("%T can be closed", end)
			}
		}
		return drain(nil, r, w) //nolint:staticcheck // drain needs no context
	}
	if _, err := pipeline.Run(t.Context(), stage("a", look), stage("b", look), stage("c", look)); err != nil {
		t.Error(err)
	}
}

func TestLaw2EOFIsAFailure(t *testing.T) {
	wrapped := fmt.Errorf("block 7: %w", io.EOF)
	joined := errors.Join(io.EOF, &fs.PathError{Op: "read", Path: "f", Err: errBoom})
	tests := []struct {
		name, text string
		source     pipeline.Stage
		tap        pipeline.Stage
	}{
		{"returned", "bad: unexpected EOF", stage("bad", func(context.Context, io.Reader, io.Writer) error { return io.EOF }), pipeline.Stage{}},
		{"wrapped", "bad: block 7: EOF", stage("bad", func(context.Context, io.Reader, io.Writer) error { return wrapped }), pipeline.Stage{}},
		{"joined", "bad: EOF\nread f: boom", stage("bad", func(context.Context, io.Reader, io.Writer) error { return joined }), pipeline.Stage{}},
		{"panic", "bad: panic: EOF", stage("bad", func(context.Context, io.Reader, io.Writer) error { panic(io.EOF) }), pipeline.Stage{}},
		{"abort", "bad: unexpected EOF", stage("bad", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			pipeline.Abort(ctx, io.EOF)
			return nil
		}), pipeline.Stage{}},
		{"tap", "bad: unexpected EOF", stage("source", send("x")), tap("bad", func(context.Context, []byte) error { return io.EOF })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var saw error
			_, err := pipeline.Run(t.Context(), test.source, test.tap, stage("sink", ends(&saw)))
			failed := failedAt(t, err, "bad")
			if err.Error() != test.text || !errors.Is(failed.Err, io.ErrUnexpectedEOF) {
				t.Errorf("error %q, want %q and io.ErrUnexpectedEOF", err, test.text)
			}
			if saw == io.EOF || errors.Is(saw, io.EOF) {
				t.Errorf("the sink read %v", saw)
			}
			if path := new(fs.PathError); test.name == "joined" && (!errors.As(err, &path) || !errors.Is(err, errBoom)) {
				t.Error("the rest of the chain is hidden too")
			}
		})
	}
	t.Run("cancelled with io.EOF", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(io.EOF)
		if _, err := pipeline.Run(ctx, stage("idle", idle)); errors.Is(err, io.EOF) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error %v", err)
		}
	})
}

func TestLaw3UnreadInput(t *testing.T) {
	early := stage("early", func(_ context.Context, r io.Reader, w io.Writer) error {
		if _, err := io.CopyN(w, r, 1); err != nil {
			return err
		}
		return nil
	})
	sources := map[string]runFunc{
		"upstream blocked in Write": send("xy"),
		"upstream writes later": func(_ context.Context, _ io.Reader, w io.Writer) error {
			if _, err := io.WriteString(w, "x"); err != nil {
				return err
			}
			synctest.Wait() // early has returned
			_, err := io.WriteString(w, "y")
			return err
		},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var saw error
				flow, err := pipeline.Run(t.Context(), stage("source", source), early, stage("sink", ends(&saw)))
				failedAt(t, err, "early")
				if !errors.Is(err, pipeline.ErrUnreadInput) || saw == io.EOF {
					t.Errorf("Run: %v, the sink read %v", err, saw)
				}
				if n := flow.Stages[1].BytesIn; n != 1 {
					t.Errorf("BytesIn %d, want 1: the pipeline's own read doesn't count", n)
				}
			})
		})
	}
	t.Run("everything but io.EOF is read", func(t *testing.T) {
		if _, err := pipeline.Run(t.Context(), stage("source", send("x")), early, stage("sink", drain)); err != nil {
			t.Error(err)
		}
	})
	t.Run("upstream never ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				synctest.Wait()
				cancel(errBoom)
			}()
			_, err := pipeline.Run(ctx, stage("source", idle),
				stage("early", func(context.Context, io.Reader, io.Writer) error { return nil }))
			if err == nil || err.Error() != "cancelled: boom" {
				t.Errorf("error %v", err)
			}
		})
	})
}

// A goroutine left behind must not swallow the input that the nil return hides, nor add to the output.
func TestLaw3GoroutinesLeftBehind(t *testing.T) {
	t.Run("in Read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, err := pipeline.Run(t.Context(),
				stage("source", idle),
				stage("bad", func(_ context.Context, r io.Reader, _ io.Writer) error {
					go r.Read(make([]byte, 1)) //nolint:errcheck // its answer doesn't matter
					synctest.Wait()
					return nil
				}))
			failedAt(t, err, "bad")
			if !strings.Contains(err.Error(), "still running") {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("in Write", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, err := pipeline.Run(t.Context(),
				stage("bad", func(_ context.Context, _ io.Reader, w io.Writer) error {
					go w.Write(make([]byte, 1)) //nolint:errcheck // its answer doesn't matter
					synctest.Wait()
					return nil
				}),
				stage("sink", idle))
			failedAt(t, err, "bad")
			if !strings.Contains(err.Error(), "still running") {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("after the return", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var late sync.WaitGroup
			returned := make(chan struct{})
			flow, err := pipeline.Run(t.Context(),
				stage("source", func(context.Context, io.Reader, io.Writer) error {
					synctest.Wait() // bad has returned, its end waits for this stage
					close(returned)
					synctest.Wait() // its late calls have failed or are blocked
					return nil
				}),
				stage("bad", func(_ context.Context, r io.Reader, w io.Writer) error {
					late.Go(func() {
						<-returned
						if n, err := w.Write([]byte("late")); n != 0 || err == nil {
							t.Errorf("late Write: %d, %v", n, err)
						}
						if n, err := r.Read(make([]byte, 4)); n != 0 || err == nil || err == io.EOF {
							t.Errorf("late Read: %d, %v", n, err)
						}
					})
					return nil
				}),
				stage("sink", drain))
			late.Wait()
			if err != nil || flow.Stages[2].BytesIn != 0 {
				t.Errorf("Run: %v, the sink read %d bytes, want none", err, flow.Stages[2].BytesIn)
			}
		})
	})
}

func TestLaw4PanicIsAnError(t *testing.T) {
	var saw error
	blowUp := func(context.Context, []byte) error { panic(errBoom) }
	tests := []struct {
		name   string
		stages []pipeline.Stage
	}{
		{"stage", []pipeline.Stage{stage("bad", func(ctx context.Context, _ io.Reader, _ io.Writer) error { return blowUp(ctx, nil) })}},
		{"tap", []pipeline.Stage{stage("source", send("x")), tap("bad", blowUp)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := pipeline.Run(t.Context(), append(test.stages, stage("sink", ends(&saw)))...)
			failed := failedAt(t, err, "bad")
			if err.Error() != "bad: panic: boom" || !errors.Is(err, errBoom) {
				t.Errorf("error %q", err)
			}
			if !strings.Contains(string(failed.Stack), "TestLaw4PanicIsAnError") {
				t.Errorf("the stack does not show the place of the panic:\n%s", failed.Stack)
			}
			if saw == io.EOF {
				t.Error("the sink read a clean end")
			}
		})
	}
	t.Run("value", func(t *testing.T) {
		_, err := pipeline.Run(t.Context(), stage("bad", func(context.Context, io.Reader, io.Writer) error { panic(7) }))
		if failedAt(t, err, "bad"); err.Error() != "bad: panic: 7" {
			t.Errorf("error %q", err)
		}
	})
}

func TestLaw4GoexitIsAnError(t *testing.T) {
	var saw error
	exit := func(context.Context, []byte) error {
		runtime.Goexit()
		return nil
	}
	tests := []struct {
		name   string
		stages []pipeline.Stage
	}{
		{"stage", []pipeline.Stage{stage("bad", func(ctx context.Context, _ io.Reader, _ io.Writer) error { return exit(ctx, nil) })}},
		{"tap", []pipeline.Stage{stage("source", send("x")), tap("bad", exit)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := pipeline.Run(t.Context(), append(test.stages, stage("sink", ends(&saw)))...)
			if failed := failedAt(t, err, "bad"); failed.Stack != nil || !strings.Contains(err.Error(), "Goexit") {
				t.Errorf("error %+v", failed)
			}
			if saw == io.EOF {
				t.Error("the sink read a clean end")
			}
		})
	}
}

// Every other stage answers a broken link with an error of its own, at once.
func TestLaw5FirstErrorIsTheAnswer(t *testing.T) {
	echo := func(ctx context.Context, r io.Reader, w io.Writer) error {
		return fmt.Errorf("echo of %w", forward(ctx, r, w))
	}
	for bad := range 4 {
		t.Run(fmt.Sprint("stage ", bad), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stages := make([]pipeline.Stage, 4)
				for i := range stages {
					run := echo
					switch i {
					case bad:
						run = func(context.Context, io.Reader, io.Writer) error {
							synctest.Wait()
							return errBoom
						}
					case 0:
						run = func(ctx context.Context, _ io.Reader, w io.Writer) error {
							return fmt.Errorf("echo of %w", pump(1000)(ctx, nil, w))
						}
					}
					stages[i] = stage(fmt.Sprint("stage", i), run)
				}
				_, err := pipeline.Run(t.Context(), stages...)
				if want := fmt.Sprintf("stage%d: boom", bad); err == nil || err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
			})
		})
	}
}

// What neighbours of a failed stage get from Read and Write is the recorded failure itself.
func TestLaw5NeighboursHearTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left, right error
		_, err := pipeline.Run(t.Context(),
			stage("left", func(_ context.Context, _ io.Reader, w io.Writer) error {
				_, left = w.Write([]byte("x"))
				return nil // even a stage that overlooks it does no harm
			}),
			stage("bad", func(context.Context, io.Reader, io.Writer) error {
				synctest.Wait()
				return errBoom
			}),
			stage("right", ends(&right)))
		failedAt(t, err, "bad")
		if left != err || right != err {
			t.Errorf("answer %v, left heard %v, right heard %v", err, left, right)
		}
	})
}
