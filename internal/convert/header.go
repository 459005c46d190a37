package convert

import (
	"fmt"
	"slices"

	"pgsluice/internal/archive"
)

// choose makes the TOC that is written of the one that was read: the entries that are wanted, in their order, and the
// version and compression that were asked for.
func (c *conversion) choose(from *archive.TOC) (*archive.TOC, error) {
	c.opt.Selection.Database = true // as in all archives: whether it acts is said when it is restored
	selected, err := c.opt.Selection.Select(from)
	if err != nil {
		return nil, err
	}
	to := &archive.TOC{Header: from.Header}
	wanted := 0
	for _, e := range selected.Entries() {
		kept := *e
		if e.HadDumper && !selected.WantsData(e) {
			kept.HadDumper = false
		}
		if selected.Wants(e) && e.Desc != "DATABASE" && !e.OfDatabase() {
			wanted++
		}
		to.Entries = append(to.Entries, kept)
	}
	if wanted == 0 {
		return nil, fmt.Errorf("nothing of the archive is wanted")
	}
	return c.dress(to)
}

// dress gives the TOC its version and compression.
func (c *conversion) dress(to *archive.TOC) (*archive.TOC, error) {
	h := &to.Header
	if c.opt.Compression != nil {
		h.Compression = *c.opt.Compression
	}
	minor := c.opt.Minor
	if minor == 0 {
		minor = max(int(h.Version.Minor), oldest)
	}
	newCode := h.Compression.Algorithm > archive.Gzip
	switch {
	case newCode && minor < firstWithNewCodes && c.opt.Minor != 0 && c.opt.Compression != nil:
		return nil, fmt.Errorf("archives of version 1.%d can't be compressed with %s: leave one of the two out", minor, h.Compression.Algorithm)
	case newCode && minor < firstWithNewCodes && c.opt.Minor != 0:
		c.note("compressed with gzip instead of %s, which archives of version 1.%d don't know", h.Compression.Algorithm, minor)
		h.Compression = archive.Compression{Algorithm: archive.Gzip, Level: -1}
	case newCode && minor < firstWithNewCodes:
		c.note("version 1.%d instead of 1.%d, because of %s: pg_restore reads it from version 16 on", firstWithNewCodes, minor, h.Compression.Algorithm)
		minor = firstWithNewCodes
	case minor > int(h.Version.Minor) && c.opt.Minor == 0:
		c.note("version 1.%d instead of 1.%d, which can't be written", minor, h.Version.Minor)
	}
	if minor < int(h.Version.Minor) {
		lower, left, err := to.Downgrade(byte(minor))
		if err != nil {
			return nil, err
		}
		c.result.Notes = append(c.result.Notes, summary(left)...)
		return lower, nil
	}
	h.Version = archive.Version{Major: 1, Minor: byte(minor)}
	return to, nil
}

// mostLines is how many entries that had to go are told one by one.
const mostLines = 5

func summary(left []string) []string {
	if len(left) <= mostLines {
		return left
	}
	return append(slices.Clone(left[:mostLines]), fmt.Sprintf("and %d more", len(left)-mostLines))
}

func (c *conversion) note(format string, args ...any) {
	c.result.Notes = append(c.result.Notes, fmt.Sprintf(format, args...))
}
