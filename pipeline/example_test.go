package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"time"

	"pgsluice/pipeline"
)

// The argument list is the pipe: a source, a tap that digests what the source writes, a stage that
// changes bytes and a sink.
func Example() {
	source := func(_ context.Context, _ io.Reader, w io.Writer) error {
		_, err := io.Copy(w, strings.NewReader("1\tone\n2\ttwo\n"))
		return err
	}
	sum := crc32.NewIEEE()
	digest := func(_ context.Context, p []byte) error {
		_, err := sum.Write(p)
		return err
	}
	upper := func(_ context.Context, r io.Reader, w io.Writer) error {
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		_, err = w.Write(bytes.ToUpper(text))
		return err
	}
	sink := func(_ context.Context, r io.Reader, _ io.Writer) error {
		_, err := io.Copy(os.Stdout, r)
		return err
	}

	_, err := pipeline.Run(context.Background(),
		pipeline.Stage{Name: "source", Run: source},
		pipeline.Stage{Name: "digest", Tap: digest},
		pipeline.Stage{Name: "upper", Run: upper},
		pipeline.Stage{}, // an option that is off
		pipeline.Stage{Name: "sink", Run: sink})
	fmt.Printf("%08x %v\n", sum.Sum32(), err)
	// Output:
	// 1	ONE
	// 2	TWO
	// f4d36564 <nil>
}

// A source that ends too early with io.EOF does not end the stream.
func ExampleRun_failure() {
	_, err := pipeline.Run(context.Background(),
		pipeline.Stage{Name: "source", Run: func(context.Context, io.Reader, io.Writer) error {
			return fmt.Errorf("block 7: %w", io.EOF)
		}},
		pipeline.Stage{Name: "sink", Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
			_, err := io.ReadAll(r)
			fmt.Println("the sink hears:", err)
			return err
		}})
	fmt.Println("the answer:", err)
	fmt.Println("a clean end:", errors.Is(err, io.EOF))
	// Output:
	// the sink hears: source: block 7: EOF
	// the answer: source: block 7: EOF
	// a clean end: false
}

// A callback reports the failure while the stage itself is still blocked in Read.
func ExampleAbort() {
	onServerError := func(ctx context.Context) { pipeline.Abort(ctx, errors.New("duplicate key value")) }

	_, err := pipeline.Run(context.Background(),
		pipeline.Stage{Name: "copy-out", Run: func(ctx context.Context, _ io.Reader, _ io.Writer) error {
			<-ctx.Done() // a source that has nothing to say for a long time
			return ctx.Err()
		}},
		pipeline.Stage{Name: "copy-in", Run: func(ctx context.Context, r io.Reader, _ io.Writer) error {
			go onServerError(ctx)
			_, err := io.ReadAll(r)
			return err
		}})
	fmt.Println(err)
	// Output: copy-in: duplicate key value
}

// An observer reads the flow of a pipeline at work.
func ExampleWatch() {
	ctx, live := pipeline.Watch(context.Background())
	_, err := pipeline.Run(ctx,
		pipeline.Stage{Name: "source", Run: func(_ context.Context, _ io.Reader, w io.Writer) error {
			_, err := w.Write(make([]byte, 1000))
			fmt.Println("written:", live.Flow().Stages[0].BytesOut)
			return err
		}},
		pipeline.Stage{Name: "sink", Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
			_, err := io.Copy(io.Discard, r)
			return err
		}})
	fmt.Println("read:", live.Flow().Stages[1].BytesIn, err)
	// Output:
	// written: 1000
	// read: 1000 <nil>
}

func ExampleFlow_String() {
	part := pipeline.Flow{Elapsed: 10 * time.Second, Stages: []pipeline.StageFlow{
		{Name: "copy-out", WaitOut: 7100 * time.Millisecond, Busy: 2900 * time.Millisecond},
		{Name: "copy-in", WaitIn: 600 * time.Millisecond, Busy: 9400 * time.Millisecond},
	}}
	fmt.Println(part)
	// Output: copy-in 94 % busy, copy-out waits 71 %
}
