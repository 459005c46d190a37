package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgsluice/internal/pgtest"
)

// A file that has lost its end is refused in words, and what has arrived until then does not look whole.
func TestCutFiles(t *testing.T) {
	page := newPage("Files that have lost their end", "pg_dump's archive", cuts...)
	t.Run("all", func(t *testing.T) {
		major := pgtest.Programs(t).Version
		source := database(t, major)
		pgtest.Exec(t, source, stock)
		for _, form := range []form{{"custom", "none"}, {"custom", "gzip"}, {"directory", "none"}, {"directory", "gzip"}, {"tar", "none"}, {"plain", "none"}} {
			t.Run(form.String(), func(t *testing.T) {
				t.Parallel()
				archive, _ := pgDump(t, major, form, source)
				file := largest(t, archive)
				info, err := os.Stat(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, lost := range losses(form, int(info.Size())) {
					t.Run(fmt.Sprintf("%d bytes", lost), func(t *testing.T) {
						defer page.note(t, form.String(), share(int(info.Size())-lost, int(info.Size())), "said")
						// the losses grow, so one file will do
						if err := os.Truncate(file, info.Size()-int64(lost)); err != nil {
							t.Fatal(err)
						}
						target := database(t, major)
						p := start(t, nil, nil, pgsluice(t), "restore", target, archive, "--jobs=2")
						p.wait(t)
						said(t, p, "pgsluice restore")
						marked(t, source, target)
					})
				}
			})
		}
	})
	page.write(t)
}

// losses are the numbers of bytes that a file loses. Behind its last entry a tar file has zeros alone, and a script and rows
// have newlines.
func losses(f form, size int) []int {
	ends := []int{1, 300}
	switch {
	case f.format == "tar":
		ends = []int{3000}
	case f.format == "plain", f.format == "directory" && f.compress == "none":
		ends = []int{300}
	}
	if !*full {
		return []int{size / 2}
	}
	return append(ends, size/4, size/2, size*3/4, size-20, size)
}

// largest is the archive itself, or of a directory the file that holds the most.
func largest(t testing.TB, archive string) string {
	t.Helper()
	found, most := "", int64(-1)
	err := filepath.Walk(archive, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && info.Size() > most {
			found, most = path, info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
