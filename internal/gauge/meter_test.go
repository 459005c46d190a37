package gauge

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		share  float64
		want   float64
	}{
		{nil, 0.5, 0},
		{[]float64{7}, 0.1, 7},
		{[]float64{1, 2, 3}, 0.5, 2},
		{[]float64{1, 2}, 0.5, 1.5},
		{[]float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, 0.9, 90},
		{[]float64{1, 2}, 1, 2},
	} {
		if got := percentile(test.values, test.share); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%v at %v: %v, want %v", test.values, test.share, got, test.want)
		}
	}
	if s := spreadOf([]time.Duration{3, 1, 2}); s.Median != 2 || s.Count != 3 || s.Low > s.Median || s.High < s.Median {
		t.Errorf("%+v", s)
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	rates := []float64{1000, 10, 20, 30, 40, 50} // the first holds what the buffers took
	reading := Measurement{Kind: SourceRead, Bytes: 80, Elapsed: 2 * time.Second}
	writing, through := reading, reading
	writing.Kind, through.Kind = TargetWrite, Through
	settle(&reading, rates, false)
	settle(&writing, rates, true)
	settle(&through, []float64{1000, 0, 0, 0, 0, 100}, false)
	if through.BytesPerSecond != 20 || through.Low != 0 {
		t.Errorf("through %+v", through)
	}
	if reading.BytesPerSecond != 30 || reading.Low != 14 || reading.High != 46 {
		t.Errorf("reading %+v", reading)
	}
	if writing.BytesPerSecond != 40 || len(writing.Intervals) != 6 {
		t.Errorf("writing %+v", writing)
	}
	lumps := Measurement{Kind: SourceRead, Bytes: 16, Elapsed: time.Second}
	settle(&lumps, []float64{0, 0, 0, 160, 0, 0, 0, 0, 0, 0}, false)
	if lumps.BytesPerSecond != 16 || lumps.Low != 0 {
		t.Errorf("lumps %+v", lumps)
	}
	slow := Measurement{Kind: TargetWrite, Bytes: 4, Elapsed: time.Second}
	settle(&slow, []float64{9, 9, 9, 9, 9, 9}, true)
	if slow.BytesPerSecond != 4 || slow.Low != 4 || slow.High != 9 {
		t.Errorf("the spread must hold the figure: %+v", slow)
	}
	few := Measurement{Kind: SourceRead, Bytes: 10, Elapsed: time.Second}
	settle(&few, []float64{1, 2}, false)
	if few.BytesPerSecond != 10 || few.Low != 10 || few.High != 10 {
		t.Errorf("few %+v", few)
	}
	settle(&Measurement{}, nil, false) // nothing moved in no time
}

func TestSeries(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := startSeries(now)
	s.read(now.Add(time.Second), 100)
	s.read(now.Add(time.Second), 100) // no time has passed: no rate
	s.read(now.Add(1500*time.Millisecond), 200)
	if !slices.Equal(s.rates, []float64{100, 200}) {
		t.Errorf("%v", s.rates)
	}
}

func TestTallyTellsOnce(t *testing.T) {
	t.Parallel()
	c := newTally(10)
	c.Add(9)
	select {
	case <-c.enough:
		t.Fatal("9 of 10 are enough")
	default:
	}
	c.Add(1)
	c.Add(1)
	<-c.enough
}

func TestStreamCounts(t *testing.T) {
	t.Parallel()
	for jobs, want := range map[int][]int{1: {1}, 2: {1, 2}, 3: {1, 2, 3}, 4: {1, 2, 4}, 6: {1, 2, 4, 6}, 8: {1, 2, 4, 8}} {
		if got := streamCounts(jobs); !slices.Equal(got, want) {
			t.Errorf("%d: %v", jobs, got)
		}
	}
}

// Each pass begins afresh: the second copy of a small sample must not shrink to nothing.
func TestCompressDoesNotRememberTheLastPass(t *testing.T) {
	t.Parallel()
	noise := linkRow()
	for _, m := range methods() {
		c, err := compress(t.Context(), [][]byte{noise}, m.stage, 20*time.Millisecond)
		if err != nil || c.Ratio < 0.9 || c.Ratio > 1.05 || c.BytesPerSecond <= 0 {
			t.Errorf("%s: %+v, %v", m.name, c, err)
		}
	}
}

// A stage that fails fails the measurement, and a reader that fails never ends a frame.
func TestZstdPassesErrorsOn(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	zstd := methods()[1].stage()
	fails := pipeline.Stage{Name: "input", Run: func(context.Context, io.Reader, io.Writer) error { return bad }}
	if _, err := pipeline.Run(t.Context(), fails, zstd, stages.Discard()); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
}
