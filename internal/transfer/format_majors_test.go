package transfer

import (
	"fmt"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// Between servers of different versions, too, every value arrives as it is in both formats. Builds of versions that are not there are
// fetched by `make compat` only.
func TestCopyFormatsAcrossMajors(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]int{{12, 18}, {13, 15}, {14, 17}, {15, 16}, {16, 18}, {12, 12}, {18, 18}} {
		t.Run(fmt.Sprintf("%d to %d", pair[0], pair[1]), func(t *testing.T) {
			source, target := pgtest.ServerOf(t, pair[0]), pgtest.ServerOf(t, pair[1])
			program, err := pgtest.ProgramsOf(t, 18, cluster.Complete).Path("pg_dump")
			if err != nil {
				t.Fatal(err)
			}
			src := pgtest.DatabaseOn(t, source)
			runFile(t, src, "testdata/formats.sql")
			for _, format := range []Format{FormatAuto, FormatText} {
				dst := pgtest.DatabaseOn(t, target)
				copyOK(t, Options{Source: src, Target: dst, Jobs: 2, Format: format, PgDump: program})
				pgtest.DBDiff(t, src, dst, "-d")
			}
		})
	}
}
