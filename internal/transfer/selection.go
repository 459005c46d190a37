package transfer

import "pgsluice/internal/archive"

// Selection says which entries of an archive are restored, with pg_restore's meaning. The zero value is all.
type Selection struct{}

func (s Selection) choose(toc *archive.TOC) (chosen *archive.TOC, only map[int]bool, err error) {
	return toc, nil, nil
}
