package stages_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"pgsluice/pipeline"
	"pgsluice/stages"
)

// through sends in through stage and returns what comes out.
func through(t *testing.T, stage pipeline.Stage, in []byte) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), t, stages.Source(bytes.NewReader(in)), stage, stages.Sink(&out))
	return out.Bytes(), err
}

// frame is several blocks in few bytes.
func frame(t *testing.T, opts ...lz4.Option) (plain, framed []byte) {
	t.Helper()
	plain = bytes.Repeat([]byte("to be or not to be "), 8_000)
	for i := range 40 { // some blocks that can't be compressed to nothing
		plain[i*i*i] = byte(i)
	}
	var b bytes.Buffer
	z := lz4.NewWriter(&b)
	if err := z.Apply(append(opts, lz4.BlockSizeOption(lz4.Block64Kb))...); err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return plain, b.Bytes()
}

var frameKinds = map[string][]lz4.Option{
	"as compress writes": nil,
	"block checksums":    {lz4.BlockChecksumOption(true)},
	"content size":       {lz4.SizeOption(152_000)},
	"no checksum":        {lz4.ChecksumOption(false)},
}

func TestDecompressTruncated(t *testing.T) {
	for name, opts := range frameKinds {
		t.Run(name, func(t *testing.T) {
			plain, framed := frame(t, opts...)
			if got, err := through(t, stages.Decompress(), framed); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("the whole frame: %d bytes, %v", len(got), err)
			}
			for cut := range framed {
				if len(opts) > 0 && cut > 50 && cut < len(framed)-50 {
					continue // like the first kind
				}
				err := stages.Decompress().Run(t.Context(), bytes.NewReader(framed[:cut]), io.Discard)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("cut at %d of %d: %v", cut, len(framed), err)
				}
			}
		})
	}
}

func TestDecompressRefusesWhatFollows(t *testing.T) {
	for name, opts := range frameKinds {
		t.Run(name, func(t *testing.T) {
			_, framed := frame(t, opts...)
			for what, more := range map[string]string{
				"a byte":            "\x00",
				"garbage":           "garbage garbage",
				"another frame":     string(framed),
				"a skippable frame": "\x50\x2a\x4d\x18\x01\x00\x00\x00x",
				"a legacy frame":    "\x02\x21\x4c\x18",
			} {
				if _, err := through(t, stages.Decompress(), append(framed[:len(framed):len(framed)], more...)); err == nil {
					t.Errorf("%s after the frame was accepted", what)
				}
			}
		})
	}
}

func TestDecompressRefusesWhatIsNoFrame(t *testing.T) {
	_, legacy := frame(t, lz4.LegacyOption(true))
	for what, in := range map[string]string{
		"text":                strings.Repeat("no frame at all ", 100),
		"a legacy frame":      string(legacy),
		"only a skippable":    "\x50\x2a\x4d\x18\x01\x00\x00\x00x",
		"skippable and frame": "\x50\x2a\x4d\x18\x01\x00\x00\x00x" + string(compressed(t, []byte("x"))),
	} {
		if _, err := through(t, stages.Decompress(), []byte(in)); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestDecompressSeesEveryFlippedBit(t *testing.T) {
	plain, framed := frame(t)
	for i := range framed {
		damaged := bytes.Clone(framed)
		damaged[i] ^= 1 << (i % 8)
		var got bytes.Buffer
		err := stages.Decompress().Run(t.Context(), bytes.NewReader(damaged), &got)
		if err == nil && !bytes.Equal(got.Bytes(), plain) {
			t.Fatalf("byte %d of %d damaged: wrong content without an error", i, len(framed))
		}
	}
}

func TestCompressLevels(t *testing.T) {
	in := pseudoRows(300_000)
	for level := range 10 {
		out, err := through(t, stages.Compress(stages.CompressOptions{Level: level}), in)
		if err != nil {
			t.Fatal(err)
		}
		back, err := through(t, stages.Decompress(), out)
		if err != nil || !bytes.Equal(back, in) {
			t.Errorf("level %d: %d bytes came back, %v", level, len(back), err)
		}
	}
	for _, level := range []int{-1, 10} {
		if _, err := through(t, stages.Compress(stages.CompressOptions{Level: level}), in); err == nil {
			t.Errorf("level %d was accepted", level)
		}
	}
}

// pseudoRows returns about n bytes that look like a table in COPY's text format.
func pseudoRows(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("pending shipped returned customer order address street number north south blue")
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d\t%d.%02d\t2024-%02d-%02d 12:%02d:07\t%s %s\t\\N\n", i, random.IntN(5000), random.IntN(100),
			1+random.IntN(12), 1+random.IntN(28), random.IntN(60), words[random.IntN(len(words))], words[random.IntN(len(words))])
	}
	return b.Bytes()
}

func BenchmarkCompress(b *testing.B) {
	in := pseudoRows(4 << 20)
	for _, level := range []int{0, 1, 3, 9} {
		b.Run(fmt.Sprintf("level %d", level), func(b *testing.B) {
			var out stages.Counter
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, err := pipeline.Run(b.Context(), stages.Source(bytes.NewReader(in)),
					stages.Compress(stages.CompressOptions{Level: level}), stages.Meter(&out), stages.Discard()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(in))*float64(b.N)/float64(out.Load()), "ratio")
		})
	}
}

func BenchmarkDecompress(b *testing.B) {
	in := pseudoRows(16 << 20)
	var framed bytes.Buffer
	if _, err := pipeline.Run(b.Context(), stages.Source(bytes.NewReader(in)),
		stages.Compress(stages.CompressOptions{}), stages.Sink(&framed)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := pipeline.Run(b.Context(), stages.Source(bytes.NewReader(framed.Bytes())),
			stages.Decompress(), stages.Discard()); err != nil {
			b.Fatal(err)
		}
	}
}
