package archive

import (
	"cmp"
	"slices"
)

// DataSizes returns how many bytes of the archive the data of entries takes, compressed, by their dump ids. Entries of which that can't be told
// without reading the archive are not in it: those of a custom-format file that was written to a pipe, and large objects in files of
// their own.
func (f *File) DataSizes() map[int]int64 {
	sizes := map[int]int64{}
	if f.custom != nil {
		f.customSizes(sizes)
		return sizes
	}
	for i := range f.toc.Entries {
		e := &f.toc.Entries[i]
		if !e.HadDumper || e.isBlobs() {
			continue
		}
		if n, ok := sizeOf(f.files, e.File); ok {
			sizes[e.DumpID] = n
		}
	}
	return sizes
}

// customSizes takes the distance between two blocks for the size of the first.
func (f *File) customSizes(sizes map[int]int64) {
	var set []*Entry
	for i := range f.toc.Entries {
		if e := &f.toc.Entries[i]; e.Offset.State == OffsetSet {
			set = append(set, e)
		}
	}
	slices.SortFunc(set, func(a, b *Entry) int { return cmp.Compare(a.Offset.Position, b.Offset.Position) })
	for i, e := range set {
		end := f.size
		if i+1 < len(set) {
			end = set[i+1].Offset.Position
		}
		sizes[e.DumpID] = max(end-e.Offset.Position, 0)
	}
}

// sizeOf is the size of a file, or of one with this name and a suffix.
func sizeOf(fs files, name string) (int64, bool) {
	for _, suffix := range suffixes {
		switch fs := fs.(type) {
		case directory:
			if checkName(name) != nil {
				return 0, false
			}
			if info, err := fs.root.Stat(name + suffix); err == nil {
				return info.Size(), true
			}
		case *tarFiles:
			if at, ok := fs.members[name+suffix]; ok {
				return at.bytes, true
			}
		}
	}
	return 0, false
}
