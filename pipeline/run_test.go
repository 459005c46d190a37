package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/pipeline"
)

func TestRunRefusesMistakesBeforeItStarts(t *testing.T) {
	started := false
	ok := stage("ok", func(context.Context, io.Reader, io.Writer) error { started = true; return nil })
	watch := tap("watch", func(context.Context, []byte) error { return nil })
	tests := []struct {
		want   string
		stages []pipeline.Stage
	}{
		{"pipeline: stage 2 has no name", []pipeline.Stage{ok, {Run: ok.Run}}},
		{"pipeline: stage 3 has no name", []pipeline.Stage{ok, {}, {Tap: watch.Tap}, ok}},
		{"pipeline: stage both has both Run and Tap", []pipeline.Stage{ok, {Name: "both", Run: ok.Run, Tap: watch.Tap}}},
		{"pipeline: stage hollow has neither Run nor Tap", []pipeline.Stage{ok, {Name: "hollow"}}},
		{"pipeline: tap watch stands before the first stage, where no bytes flow", []pipeline.Stage{watch, ok}},
		{"pipeline: tap watch stands before the first stage, where no bytes flow", []pipeline.Stage{{}, watch}},
		{"pipeline: tap watch stands after the last stage, where no bytes flow", []pipeline.Stage{ok, watch, {}}},
	}
	for _, test := range tests {
		flow, err := pipeline.Run(t.Context(), test.stages...)
		if err == nil || err.Error() != test.want || started || flow.Stages != nil {
			t.Errorf("error %v, flow %v, want %s", err, flow, test.want)
		}
	}
}

func TestRunWithoutStages(t *testing.T) {
	if flow, err := pipeline.Run(t.Context(), pipeline.Stage{}); err != nil || len(flow.Stages) != 0 {
		t.Errorf("%v, %v", flow, err)
	}
}

func TestRunCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	_, err := pipeline.Run(ctx, stage("never", func(context.Context, io.Reader, io.Writer) error {
		t.Error("started")
		return nil
	}))
	if !errors.Is(err, errBoom) || err.Error() != "cancelled: boom" {
		t.Errorf("error %v", err)
	}
}

func TestZeroStageVanishes(t *testing.T) {
	flow, err := pipeline.Run(t.Context(),
		pipeline.Stage{}, stage("a", send("x")), pipeline.Stage{}, stage("b", drain), pipeline.Stage{})
	if err != nil || len(flow.Stages) != 2 || flow.Stages[1].BytesIn != 1 {
		t.Errorf("%+v, %v", flow, err)
	}
}

func TestTheTwoEnds(t *testing.T) {
	t.Run("empty input, empty write", func(t *testing.T) {
		_, err := pipeline.Run(t.Context(), stage("only", func(_ context.Context, r io.Reader, w io.Writer) error {
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("Read: %d, %v", n, err)
			}
			if n, err := w.Write(nil); n != 0 || err != nil {
				t.Errorf("empty Write: %d, %v", n, err)
			}
			return nil
		}))
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("refused write", func(t *testing.T) {
		_, err := pipeline.Run(t.Context(), stage("a", send("x")), stage("last", func(ctx context.Context, r io.Reader, w io.Writer) error {
			n, err := w.Write([]byte("y"))
			if n != 0 || err == nil || !strings.Contains(err.Error(), "no stage follows") {
				t.Errorf("Write: %d, %v", n, err)
			}
			return drain(ctx, r, w) // a stage that overlooks the error fails all the same
		}))
		if failedAt(t, err, "last"); !strings.Contains(err.Error(), "no stage follows") {
			t.Errorf("error %v", err)
		}
	})
}

func TestEmptyReadDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		isRead := make(chan struct{})
		_, err := pipeline.Run(t.Context(),
			stage("a", func(context.Context, io.Reader, io.Writer) error {
				<-isRead
				return nil
			}),
			stage("b", func(_ context.Context, r io.Reader, _ io.Writer) error {
				n, err := r.Read(nil)
				if n != 0 || err != nil {
					t.Errorf("empty Read: %d, %v", n, err)
				}
				close(isRead)
				return err
			}))
		if err != nil {
			t.Error(err)
		}
	})
}

// An empty Write must not make the reader return 0, nil.
func TestEmptyWrites(t *testing.T) {
	var got []int
	_, err := pipeline.Run(t.Context(),
		stage("a", func(_ context.Context, _ io.Reader, w io.Writer) error {
			for _, text := range []string{"", "xy", "", "z", ""} {
				if _, err := io.WriteString(w, text); err != nil {
					return err
				}
			}
			return nil
		}),
		tap("tap", func(_ context.Context, p []byte) error {
			if len(p) == 0 {
				return errors.New("an empty chunk")
			}
			return nil
		}),
		stage("b", func(_ context.Context, r io.Reader, _ io.Writer) error {
			for {
				n, err := r.Read(make([]byte, 8))
				if err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
				got = append(got, n)
			}
		}))
	if err != nil || fmt.Sprint(got) != "[2 1]" {
		t.Errorf("reads of %v, %v, want [2 1]", got, err)
	}
}

func TestRunWaitsForEveryStage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := pipeline.Run(t.Context(),
			stage("slow", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
				<-ctx.Done()
				time.Sleep(time.Hour) // of the bubble's clock
				return ctx.Err()
			}),
			stage("bad", func(context.Context, io.Reader, io.Writer) error { return errBoom }))
		failedAt(t, err, "bad")
		if d := time.Since(began); d != time.Hour {
			t.Errorf("Run returned after %v, want 1h", d)
		}
	})
}

// A stage that returned an error may leave a goroutine in Read or Write: pgx's CopyFrom does, when the
// server ends the session. Run returns after it has left, so that its buffer is free and no tap runs.
func TestRunWaitsForACallLeftBehind(t *testing.T) {
	var returned atomic.Bool
	entered, left := make(chan struct{}), make(chan struct{})
	_, err := pipeline.Run(t.Context(),
		stage("bad", func(_ context.Context, _ io.Reader, w io.Writer) error {
			go w.Write([]byte("x")) //nolint:errcheck // its answer doesn't matter
			<-entered
			return errBoom
		}),
		tap("slow", func(ctx context.Context, _ []byte) error {
			defer close(left)
			close(entered)
			<-ctx.Done()
			for range 100_000 {
				runtime.Gosched() // a chance for Run to return too early
				if returned.Load() {
					t.Error("Run returned while a tap was running")
					break
				}
			}
			return nil
		}),
		stage("sink", drain))
	returned.Store(true)
	failedAt(t, err, "bad")
	<-left
}

func TestStopReachesStagesThatDoNotUseThePipe(t *testing.T) {
	var cause error
	_, err := pipeline.Run(t.Context(),
		stage("busy elsewhere", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil
		}),
		stage("bad", func(context.Context, io.Reader, io.Writer) error { return errBoom }))
	if failedAt(t, err, "bad"); cause != err {
		t.Errorf("the cause is %v, want the answer %v", cause, err)
	}
}

// A stage that hears of the cancellation sooner than the pipeline must not get the blame.
func TestCancelledNamesNoStage(t *testing.T) {
	for range 200 {
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := pipeline.Run(ctx,
			stage("source", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
				cancel(errBoom)
				return ctx.Err()
			}),
			stage("sink", drain))
		if err == nil || err.Error() != "cancelled: boom" {
			t.Fatalf("error %v", err)
		}
	}
}

func TestTaps(t *testing.T) {
	var order, seen bytes.Buffer
	note := func(name string) pipeline.Stage {
		return tap(name, func(_ context.Context, p []byte) error {
			order.WriteString(name)
			if name == "2" {
				seen.Write(p)
			}
			_ = append(p, "over"...) // must not reach the bytes behind p
			return nil
		})
	}
	buf := []byte("all of it")
	flow, err := pipeline.Run(t.Context(),
		stage("source", func(_ context.Context, _ io.Reader, w io.Writer) error {
			if _, err := w.Write(buf[:3]); err != nil {
				return err
			}
			_, err := w.Write(buf[3:])
			return err
		}),
		note("1"), note("2"),
		stage("sink", drain))
	if err != nil || seen.String() != "all of it" || order.String() != "1212" {
		t.Errorf("saw %q in the order %s, %v", &seen, &order, err)
	}
	if s := flow.Stages[2]; s.Name != "2" || s.BytesIn != 9 || s.BytesOut != 9 {
		t.Errorf("flow of the tap: %+v", s)
	}
}

func TestTapStopsBytes(t *testing.T) {
	limit := 2
	flow, err := pipeline.Run(t.Context(),
		stage("source", pump(10)),
		tap("limit", func(context.Context, []byte) error {
			if limit--; limit < 0 {
				return errBoom
			}
			return nil
		}),
		stage("sink", drain))
	failedAt(t, err, "limit")
	if n := flow.Stages[2].BytesIn; n > 2*chunkBytes {
		t.Errorf("%d bytes went past the tap that refused them", n)
	}
}

func TestTapHearsOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := pipeline.Run(t.Context(),
			stage("source", pump(1)),
			tap("throttle", func(ctx context.Context, _ []byte) error {
				<-ctx.Done()
				return ctx.Err()
			}),
			stage("sink", func(context.Context, io.Reader, io.Writer) error {
				synctest.Wait()
				return errBoom
			}))
		failedAt(t, err, "sink")
	})
}
