package report

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"

	"pgsluice/internal/progress"
)

// A dump says, while it runs and at its end, how much its rows take in the archive; a copy says nothing of the kind.
func TestWritten(t *testing.T) {
	for written, want := range map[int64]string{0: "", 150_000_000: "150 MB (3.2 to 1)"} {
		synctest.Test(t, func(t *testing.T) {
			var lines, text, html, events bytes.Buffer
			tr := progress.New()
			tr.Plan([]progress.Task{{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.a"}})
			running := tr.Start(1)
			running.AddBytes(484_000_000)
			tr.Wrote(written)
			lines.WriteString(flowing(tr.Snapshot().Data))
			feed := progress.NewFeed(tr, progress.Tick)
			end := FollowJSON(t.Context(), feed, &events, EventOptions{})
			running.Done(10, nil)
			tr.Finish()
			feed.Close()
			end()
			r := Report{Command: "dump", Outcome: Complete, Progress: tr.Snapshot()}
			if err := WriteText(&text, r, TextOptions{}); err != nil {
				t.Error(err)
			}
			if err := WriteHTML(&html, r); err != nil {
				t.Error(err)
			}
			for name, got := range map[string]string{"in work": lines.String(), "at the end": text.String(), "on the page": html.String()} {
				if strings.Contains(got, "written") != (want != "") || !strings.Contains(got, want) {
					t.Errorf("%d bytes are written; %s:\n%s", written, name, got)
				}
			}
			if field := `"written_bytes":` + map[int64]string{0: "0", 150_000_000: "150000000"}[written]; !strings.Contains(events.String(), field) {
				t.Errorf("no %s in %s", field, events.String())
			}
		})
	}
}
