package archive_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

func TestLevels(t *testing.T) {
	for a, levels := range map[archive.Algorithm][2]int{
		archive.NoCompression: {-1, 0}, archive.Gzip: {1, 9}, archive.LZ4: {0, 12}, archive.Zstd: {-7, 22},
	} {
		rows := rowsOf(20_000, 1)
		for _, level := range []int{-1, levels[0], min(1, levels[1]), min(3, levels[1]), levels[1]} {
			for _, f := range []archive.Format{archive.FormatCustom, archive.FormatDirectory} {
				s, err := archive.NewSegmenter(archive.Compression{Algorithm: a, Level: level}, f)
				if err != nil {
					t.Fatal(err)
				}
				seg, err := s.Segment([]byte(rows[0]))
				if err != nil || seg.RawBytes() != len(rows[0]) || a != archive.NoCompression && seg.Bytes() >= seg.RawBytes() {
					t.Errorf("%s level %d: %d of %d bytes, %v", a, level, seg.Bytes(), seg.RawBytes(), err)
				}
			}
		}
		for _, level := range []int{levels[0] - 1, levels[1] + 1, -100} {
			if _, err := archive.NewSegmenter(archive.Compression{Algorithm: a, Level: level}, archive.FormatCustom); err == nil && level != -1 {
				t.Errorf("%s has a level %d", a, level)
			}
		}
	}
	if _, err := archive.NewSegmenter(archive.Compression{Algorithm: 4}, archive.FormatCustom); err == nil {
		t.Error("an unknown compression")
	}
	if _, err := archive.NewSegmenter(archive.Compression{}, archive.FormatTar); err == nil {
		t.Error("tar files can't be written")
	}
}

// Once it has seen segments of that size, a Segmenter takes no memory that counts.
func TestSegmenterTakesNoMemory(t *testing.T) {
	rows := []byte(strings.Join(rowsOf(1<<20, 1), ""))
	for _, a := range algorithms {
		s, err := archive.NewSegmenter(archive.Compression{Algorithm: a, Level: -1}, archive.FormatCustom)
		if err != nil {
			t.Fatal(err)
		}
		const rounds = 20
		var before, after runtime.MemStats
		for i := range rounds + 2 {
			if i == 2 {
				runtime.ReadMemStats(&before)
			}
			seg, err := s.Segment(rows)
			if err != nil {
				t.Fatal(err)
			}
			s.Recycle(seg)
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each > 64<<10 {
			t.Errorf("%s: %d bytes of memory for each segment", a, each)
		}
	}
}

// What is held takes hardly more memory than it needs, and is what it was; its old memory is used again.
func TestHold(t *testing.T) {
	rows := []byte(strings.Join(rowsOf(1<<20, 1), ""))
	for _, a := range algorithms {
		s, err := archive.NewSegmenter(archive.Compression{Algorithm: a, Level: -1}, archive.FormatCustom)
		if err != nil {
			t.Fatal(err)
		}
		first, err := s.Segment(rows)
		if err != nil {
			t.Fatal(err)
		}
		want, room := string(first.Compressed()), cap(first.Compressed())
		held := s.Hold(first)
		second, err := s.Segment([]byte("1\n"))
		if err != nil {
			t.Fatal(err)
		}
		if string(held.Compressed()) != want || held.RawBytes() != len(rows) {
			t.Errorf("%s: the held segment has changed", a)
		}
		if got := cap(held.Compressed()); got > len(want)+len(want)/4 {
			t.Errorf("%s: %d bytes are held in %d", a, len(want), got)
		}
		if got := cap(second.Compressed()); got != room {
			t.Errorf("%s: the next segment has a room of %d bytes, the first had %d", a, got, room)
		}
	}
}

func BenchmarkSegment(b *testing.B) {
	rows := []byte(strings.Join(rowsOf(2<<20, 1), ""))
	for _, a := range algorithms {
		b.Run(fmt.Sprint(a), func(b *testing.B) {
			s, err := archive.NewSegmenter(archive.Compression{Algorithm: a, Level: -1}, archive.FormatCustom)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(rows)))
			b.ReportAllocs()
			for b.Loop() {
				seg, err := s.Segment(rows)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(seg.Bytes())/float64(seg.RawBytes()), "ratio")
				s.Recycle(seg)
			}
		})
	}
}
