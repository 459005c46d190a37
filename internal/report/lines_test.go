package report

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

// follow follows a tracker from a feed of its own; stop ends both, the feed first, as a caller does.
func follow(ctx context.Context, tr *progress.Tracker, w io.Writer, o LineOptions) (stop func()) {
	feed := progress.NewFeed(tr, progress.Tick)
	end := Follow(ctx, feed, w, o)
	return func() { feed.Close(); end() }
}

func TestLinesGolden(t *testing.T) {
	for name, width := range map[string]int{"lines.txt": 0, "lines80.txt": 80} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				tr := progress.New()
				stop := follow(t.Context(), tr, &b, LineOptions{Width: width})
				shop(tr, func() {})
				stop()
				golden(t, name, b.String())
				if width == 0 {
					return
				}
				for line := range strings.Lines(b.String()) {
					if w := displayWidth(strings.TrimSuffix(line, "\n")); w > width {
						t.Errorf("%d columns: %s", w, line)
					}
				}
			})
		})
	}
}

func TestALongStepShowsHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := follow(t.Context(), tr, &b, LineOptions{Every: 3 * time.Second})
		tr.Step("pg_dump: waiting for the table of contents")
		time.Sleep(7 * time.Second)
		stop()
		const want = "[0:00] pg_dump: waiting for the table of contents\n" +
			"[0:03] pg_dump: waiting for the table of contents, 3 s\n" +
			"[0:06] pg_dump: waiting for the table of contents, 6 s\n"
		if b.String() != want {
			t.Errorf("got\n%s", b.String())
		}
	})
}

func TestWarningsAppearAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := progress.New()
		r, w := io.Pipe()
		stop := follow(t.Context(), tr, w, LineOptions{})
		time.Sleep(7 * time.Second)
		tr.Warn(progress.Warning{Object: "extension x", Message: "it exists already"})
		said := time.Now()
		line := make([]byte, 200)
		n, err := r.Read(line)
		if err != nil || string(line[:n]) != "[0:07] warning: extension x: it exists already\n" {
			t.Errorf("%q, %v", line[:n], err)
		}
		if late := time.Since(said); late > 200*time.Millisecond {
			t.Errorf("%v late", late)
		}
		stop()
	})
}

// TestStopTellsTheLastNews: what happens just before stop is not lost.
func TestStopTellsTheLastNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		tr.Plan([]progress.Task{{ID: 1, Phase: progress.Indexes, Kind: "INDEX", Name: "i"}})
		stop := follow(t.Context(), tr, &b, LineOptions{})
		tr.Start(1).Fail(errors.New("no room"))
		tr.Finish()
		stop()
		stop()
		const want = "[0:00] failed: INDEX i: no room\n[0:00] indexes: 1 to build\n[0:00] indexes: ended, 0/1 in 0 s, 1 failed\n"
		if b.String() != want {
			t.Errorf("got\n%s", b.String())
		}
	})
}

// TestABlockedWriterBlocksNobody holds the writer from the first line on: the tracker goes on, stop
// gives up after its grace, and when the writer goes on, the goroutine ends.
func TestABlockedWriterBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := progress.New()
		r, w := io.Pipe()
		tr.Step("connecting")
		stop := follow(t.Context(), tr, w, LineOptions{Grace: 3 * time.Second})
		synctest.Wait() // the goroutine sits in Write now

		before := time.Now()
		shop(tr, func() { tr.Snapshot() })
		ran := time.Since(before)
		stop()
		if waited := time.Since(before) - ran; waited != 3*time.Second {
			t.Errorf("stop waited %v", waited)
		}
		if planned := 90260 * ms; ran != planned {
			t.Errorf("the transfer took %v, not %v", ran, planned)
		}
		// The line that was stuck comes out, and a last look tells how it all ended.
		var text bytes.Buffer
		go func() { _, _ = io.Copy(&text, r) }()
		synctest.Wait()
		_ = r.Close()
		synctest.Wait()
		if !strings.HasPrefix(text.String(), "[0:00] connecting\n") || !strings.Contains(text.String(), "finish: done, 2/2") {
			t.Errorf("got\n%s", text.String())
		}
	})
}

func TestLinesEndWithTheContextAndOnAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var b bytes.Buffer
		tr := progress.New()
		tr.Step("one")
		stop := follow(ctx, tr, &b, LineOptions{})
		cancel()
		synctest.Wait()
		tr.Step("two")
		time.Sleep(time.Minute)
		stop()
		if b.String() != "[0:00] one\n" {
			t.Errorf("got %q", b.String())
		}

		writes := 0
		stop = follow(t.Context(), tr, writerFunc(func([]byte) (int, error) {
			writes++
			return 0, io.ErrClosedPipe
		}), LineOptions{})
		time.Sleep(time.Minute)
		stop()
		if writes != 1 {
			t.Errorf("%d writes to a broken writer", writes)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
