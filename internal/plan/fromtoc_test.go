package plan_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/plan"
)

// What the table of contents alone tells makes the same plan as what the catalogs of a live source say, but for sizes and for
// what only they know.
func TestFromTOCPlansLikeALiveSource(t *testing.T) {
	sizes := regexp.MustCompile(` \| \d+ bytes`)
	for _, name := range append(slices.Clone(shapes), regression) {
		t.Run(name, func(t *testing.T) {
			toc := readTOC(t, name)
			text := func(p *plan.Plan) []string {
				var lines []string
				for _, task := range p.Tasks {
					lines = append(lines, strings.Split(sizes.ReplaceAllString(show(toc, task), ""), "\n")...)
				}
				return lines
			}
			live := text(build(t, toc, plan.Choices{}))
			p, err := plan.Build(toc, plan.SourceOf(toc, nil), plan.Choices{TargetDatabase: "the target"})
			if err != nil {
				t.Fatal(err)
			}
			got := text(p)
			n := 0
			for i := range min(len(live), len(got)) {
				if live[i] != got[i] {
					t.Errorf("line %d:\nlive: %s\n toc: %s", i+1, live[i], got[i])
					if n++; n > 30 {
						break
					}
				}
			}
			if len(live) != len(got) {
				t.Errorf("%d lines of a live source, %d of the table of contents", len(live), len(got))
			}
		})
	}
}

var _ = archive.Limits{}
