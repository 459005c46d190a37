package stages_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/pierrec/lz4/v4"

	"pgsluice/pipeline"
	"pgsluice/stages"
	"pgsluice/stages/stagetest"
)

func compressed(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := lz4.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decompressed(t *testing.T, frame []byte) []byte {
	t.Helper()
	plain, err := io.ReadAll(lz4.NewReader(bytes.NewReader(frame)))
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestCompressConforms(t *testing.T) {
	stagetest.Run(t, stagetest.Subject{
		Stage:  func(*testing.T) pipeline.Stage { return stages.Compress(stages.CompressOptions{}) },
		Decode: decompressed,
	})
}

func TestDecompressConforms(t *testing.T) {
	stagetest.Run(t, stagetest.Subject{
		Stage:  func(*testing.T) pipeline.Stage { return stages.Decompress() },
		Encode: compressed,
	})
}

func TestMeterConforms(t *testing.T) {
	var counter *stages.Counter
	stagetest.Run(t, stagetest.Subject{
		Stage: func(*testing.T) pipeline.Stage {
			counter = new(stages.Counter)
			return stages.Meter(counter)
		},
		Check: func(t *testing.T, plain []byte) {
			if got := counter.Load(); got != int64(len(plain)) {
				t.Fatalf("counted %d bytes of %d", got, len(plain))
			}
		},
	})
}

func TestThrottleConforms(t *testing.T) {
	stagetest.Run(t, stagetest.Subject{
		Stage: func(*testing.T) pipeline.Stage { return stages.Throttle(stages.NewLimiter(1 << 30)) },
	})
}

func TestDiscardConforms(t *testing.T) {
	stagetest.Run(t, stagetest.Subject{
		Last: func(*testing.T) (pipeline.Stage, func() []byte) { return stages.Discard(), nil },
	})
}

func TestSourceConforms(t *testing.T) {
	stagetest.Run(t, stagetest.Subject{
		First: func(_ *testing.T, plain []byte) pipeline.Stage {
			return stages.Source(bytes.NewReader(plain))
		},
	})
}

func TestSinkConforms(t *testing.T) {
	stagetest.Run(t, stagetest.Subject{
		Last: func(*testing.T) (pipeline.Stage, func() []byte) {
			var b bytes.Buffer
			return stages.Sink(&b), b.Bytes
		},
	})
}
