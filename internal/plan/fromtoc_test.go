package plan_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/plan"
)

// What the table of contents alone tells makes the same plan as what the catalogs of a live source say, but for sizes and for
// what only they know.
func TestFromTOCPlansLikeALiveSource(t *testing.T) {
	sizes, follows := regexp.MustCompile(` \| \d+ bytes`), regexp.MustCompile(` \| follows \[[\d ]+\]`)
	for _, name := range append(slices.Clone(shapes), regression) {
		t.Run(name, func(t *testing.T) {
			toc := readTOC(t, name)
			text := func(p *plan.Plan) []string {
				var lines []string
				for _, task := range p.Tasks {
					shown := sizes.ReplaceAllString(show(toc, task), "")
					if task.Desc == plan.Analyze { // the made-up source knows no children by INHERITS
						shown = follows.ReplaceAllString(shown, "")
					}
					lines = append(lines, strings.Split(shown, "\n")...)
				}
				return lines
			}
			live := text(build(t, toc, plan.Choices{}))
			p, err := plan.Build(toc, plan.SourceOf(toc, nil), plan.Choices{TargetDatabase: "the target"})
			if err != nil {
				t.Fatal(err)
			}
			got := text(p)
			for i := range min(len(live), len(got)) {
				if live[i] != got[i] {
					t.Fatalf("line %d:\nlive: %s\n toc: %s", i+1, live[i], got[i])
				}
			}
			if len(live) != len(got) {
				t.Errorf("%d lines of a live source, %d of the table of contents", len(live), len(got))
			}
		})
	}
}
