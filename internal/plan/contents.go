package plan

import (
	"fmt"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// Contents makes the tasks that read what an archive holds besides its table of contents: rows and large objects, in the
// order of their entries, which is the order of their data blocks. They have no needs, locks or keys, and only read. All
// parts of a table may be read at the same time; of large objects, each task is one stretch of its entry's data block.
// An entry whose contents can't be known from the archive, as in a dump of section data alone by pg_dump before 17, holds
// the large objects of all, which the source is asked for.
func Contents(toc *archive.TOC, source *catalog.Source, splits map[uint32]catalog.Split, all []uint32) ([]*Task, error) {
	b := &builder{
		toc: toc, source: source, choices: Choices{Splits: splits}, byDump: map[int][]int{}, plan: &Plan{}, merges: true,
	}
	b.tables, b.formats = newTables(toc, source), newFormats(nil)
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if !e.HadDumper {
			continue
		}
		var err error
		switch e.Desc {
		case "TABLE DATA":
			err = b.rows(&Task{Entry: e, Desc: e.Desc, Name: displayName(e), Phase: Data, Order: Parallel})
		case "BLOBS":
			oids := b.contents(e)
			if len(oids) == 0 {
				oids = all
			}
			b.objects(e, oids)
		default:
			err = fmt.Errorf("data of a kind that is not known here")
		}
		if err != nil {
			return nil, fmt.Errorf("toc entry %d: %s %s: %w", e.DumpID, e.Desc, displayName(e), err)
		}
	}
	return b.plan.Tasks, nil
}

// NamesNoObjects reports whether an archive holds large objects without saying which.
func NamesNoObjects(toc *archive.TOC) bool {
	b := &builder{toc: toc}
	for i := range toc.Entries {
		if e := &toc.Entries[i]; e.Desc == "BLOBS" && len(b.contents(e)) == 0 {
			return true
		}
	}
	return false
}
