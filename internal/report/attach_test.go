package report

import (
	"strings"
	"testing"

	"pgsluice/internal/progress"
)

// Attachments build nothing: they are summed up, so that the builds can be seen.
func TestAttachmentsAreSummedUp(t *testing.T) {
	tr := progress.New()
	tr.Plan([]progress.Task{
		{ID: 1, Phase: progress.Indexes, Kind: "INDEX", Name: "public.built"},
		{ID: 2, Phase: progress.Indexes, Kind: "INDEX ATTACH", Name: "public.part_1"},
		{ID: 3, Phase: progress.Indexes, Kind: "INDEX ATTACH", Name: "public.part_2"},
	})
	for id := 1; id <= 3; id++ {
		tr.Start(id).Done(0, nil)
	}
	tr.Finish()
	var b strings.Builder
	if err := WriteText(&b, Report{Progress: tr.Snapshot()}, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if !strings.Contains(text, "Indexes (1)") || !strings.Contains(text, "attached to partitioned indexes: 2") ||
		!strings.Contains(text, "public.built") || strings.Contains(text, "public.part_1") {
		t.Errorf("the report is\n%s", text)
	}
}
