package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/pipeline"
)

const ms = time.Millisecond

// works returns a stage that hands on n chunks of 10 bytes and needs some time for each. Time is
// that of a synctest bubble: it moves only while all are blocked, so that the sums are exact.
func works(n int, each time.Duration, first, last bool) runFunc {
	return func(_ context.Context, r io.Reader, w io.Writer) error {
		chunk := make([]byte, 10)
		for range n {
			if !first {
				if _, err := io.ReadFull(r, chunk); err != nil {
					return err
				}
			}
			time.Sleep(each)
			if !last {
				if _, err := w.Write(chunk); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func TestFlowIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flow, err := pipeline.Run(t.Context(),
			stage("copy-out", works(4, 10*ms, true, false)),
			tap("digest", func(context.Context, []byte) error {
				time.Sleep(5 * ms)
				return nil
			}),
			stage("copy-in", works(4, 50*ms, false, true)))
		if err != nil {
			t.Fatal(err)
		}
		// copy-in takes chunks at 15, 65, 115 and 165 ms; copy-out ends when the fourth is taken.
		want := pipeline.Flow{Elapsed: 215 * ms, Stages: []pipeline.StageFlow{
			{Name: "copy-out", BytesOut: 40, WaitOut: 125 * ms, Busy: 40 * ms},
			{Name: "digest", BytesIn: 40, BytesOut: 40, Busy: 20 * ms},
			{Name: "copy-in", BytesIn: 40, WaitIn: 15 * ms, Busy: 200 * ms},
		}}
		if !reflect.DeepEqual(flow, want) {
			t.Errorf("flow\n%+v, want\n%+v", flow, want)
		}
		if s := flow.String(); s != "copy-in 93 % busy, copy-out waits 58 %" {
			t.Errorf("in words: %s", s)
		}
	})
}

// While a stage is blocked, the time it has been waiting up to now counts.
func TestLiveFlowCountsWaitsThatGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, live := pipeline.Watch(t.Context())
		if f := live.Flow(); !reflect.DeepEqual(f, pipeline.Flow{}) {
			t.Errorf("before Run: %+v", f)
		}
		release := make(chan struct{})
		var final pipeline.Flow
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			final, err = pipeline.Run(ctx,
				stage("out", works(1, 10*ms, true, false)),
				stage("in", func(ctx context.Context, r io.Reader, w io.Writer) error {
					<-release
					return drain(ctx, r, w)
				}))
		}()
		time.Sleep(40 * ms)
		want := pipeline.Flow{Elapsed: 40 * ms, Stages: []pipeline.StageFlow{
			{Name: "out", WaitOut: 30 * ms, Busy: 10 * ms},
			{Name: "in", Busy: 40 * ms},
		}}
		if f := live.Flow(); !reflect.DeepEqual(f, want) {
			t.Errorf("at 40 ms\n%+v, want\n%+v", f, want)
		}
		close(release)
		<-done
		time.Sleep(time.Hour)
		if f := live.Flow(); err != nil || !reflect.DeepEqual(f, final) || f.Elapsed != 40*ms {
			t.Errorf("afterwards %+v, want what Run returned: %+v, %v", f, final, err)
		}
	})
}

// Under -race this also shows that Flow may be called from any goroutine.
func TestLiveFlowAtFullFlow(t *testing.T) {
	const chunks = 500
	ctx, live := pipeline.Watch(t.Context())
	done := make(chan struct{})
	var final pipeline.Flow
	go func() {
		defer close(done)
		var err error
		final, err = pipeline.Run(ctx, stage("a", pump(chunks)), stage("b", forward), stage("c", drain))
		if err != nil {
			t.Error(err)
		}
	}()
	defer func() { <-done }()
	before := pipeline.Flow{}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		f := live.Flow()
		for i, s := range f.Stages {
			if s.WaitIn < 0 || s.WaitOut < 0 || s.Busy < 0 || f.Elapsed < 0 {
				t.Fatalf("impossible times %+v of %v", s, f.Elapsed)
			}
			if i < len(before.Stages) && s.BytesIn < before.Stages[i].BytesIn {
				t.Fatalf("went back from %+v to %+v", before.Stages[i], s)
			}
		}
		before = f
	}
	if n := final.Stages[2].BytesIn; n != chunks*chunkBytes || !reflect.DeepEqual(before, final) {
		t.Errorf("%d bytes arrived; live %+v, final %+v", n, before, final)
	}
}

// A pipeline inside a stage must not take over the Live of the outer one.
func TestLiveShowsTheOuterPipeline(t *testing.T) {
	ctx, live := pipeline.Watch(t.Context())
	_, err := pipeline.Run(ctx, stage("outer", func(ctx context.Context, _ io.Reader, _ io.Writer) error {
		_, err := pipeline.Run(ctx, stage("inner", drain))
		return err
	}))
	if f := live.Flow(); err != nil || len(f.Stages) != 1 || f.Stages[0].Name != "outer" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestFlowAdd(t *testing.T) {
	a := pipeline.Flow{Elapsed: 10, Stages: []pipeline.StageFlow{
		{Name: "out", BytesIn: 1, BytesOut: 2, WaitIn: 3, WaitOut: 4, Busy: 5},
		{Name: "meter", BytesIn: 10},
		{Name: "meter", BytesIn: 20},
	}}
	b := pipeline.Flow{Elapsed: 100, Stages: []pipeline.StageFlow{
		{Name: "meter", BytesIn: 1},
		{Name: "new", Busy: 7},
		{Name: "meter", BytesIn: 2},
		{Name: "out", BytesIn: 10, BytesOut: 20, WaitIn: 30, WaitOut: 40, Busy: 50},
	}}
	want := pipeline.Flow{Elapsed: 110, Stages: []pipeline.StageFlow{
		{Name: "out", BytesIn: 11, BytesOut: 22, WaitIn: 33, WaitOut: 44, Busy: 55},
		{Name: "meter", BytesIn: 11},
		{Name: "meter", BytesIn: 22},
		{Name: "new", Busy: 7},
	}}
	before := fmt.Sprint(a, b)
	if sum := a.Add(b); !reflect.DeepEqual(sum, want) {
		t.Errorf("sum\n%+v, want\n%+v", sum, want)
	}
	if after := fmt.Sprint(a, b); after != before {
		t.Errorf("Add changed its operands: %s", after)
	}
	if sum := (pipeline.Flow{}).Add(a); !reflect.DeepEqual(sum, a) {
		t.Errorf("zero + a = %+v", sum)
	}
}

func TestBottleneck(t *testing.T) {
	if s, ok := (pipeline.Flow{}).Bottleneck(); ok {
		t.Errorf("an empty flow has the bottleneck %+v", s)
	}
	if s := (pipeline.Flow{}).String(); s != "" {
		t.Errorf("an empty flow says %q", s)
	}
	f := pipeline.Flow{Elapsed: 100, Stages: []pipeline.StageFlow{
		{Name: "a", Busy: 29, WaitOut: 71}, {Name: "t", Busy: 3}, {Name: "b", Busy: 94, WaitIn: 6}, {Name: "c", WaitIn: 100},
	}}
	if s, ok := f.Bottleneck(); !ok || s.Name != "b" {
		t.Errorf("bottleneck %+v", s)
	}
	if s := f.String(); s != "b 94 % busy, a waits 71 %, c waits 100 %" {
		t.Errorf("in words: %s", s)
	}
}
