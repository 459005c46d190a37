package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// List writes the header and the entries that s takes in the form of pg_restore --list (PrintTOCSummary), which
// [ParseList] reads. It is the form of versions 16 to 18; before, compression was a number. The archive does not say in
// which time zone it was made: like pg_restore, it names the local one.
func (t *TOC) List(w io.Writer, s *Selection) error {
	selected, err := s.Select(t)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	t.listHeader(b)
	for _, e := range selected.Entries() {
		if !selected.Wants(e) {
			continue
		}
		fmt.Fprintf(b, "%d; %d %d %s %s %s %s\n", e.DumpID, e.CatalogID.TableOID, e.CatalogID.OID, e.Desc,
			e.SchemaLine(), OneLine(e.Tag), OneLine(e.Owner))
	}
	return b.Flush()
}

func (t *TOC) listHeader(w io.Writer) {
	h := &t.Header
	created := "[unknown]"
	if c := h.Created; !c.IsZero() {
		local := time.Date(c.Year(), c.Month(), c.Day(), c.Hour(), c.Minute(), c.Second(), 0, time.Local)
		created = local.Format("2006-01-02 15:04:05 MST")
	}
	fmt.Fprintf(w, ";\n; Archive created at %s\n;     dbname: %s\n", created, OneLine(h.Database))
	fmt.Fprintf(w, ";     TOC Entries: %d\n;     Compression: %s\n", len(t.Entries), h.Compression.Algorithm)
	fmt.Fprintf(w, ";     Dump Version: %s\n;     Format: %s\n", h.Version, listFormat(h.Format))
	fmt.Fprintf(w, ";     Integer: %d bytes\n;     Offset: %d bytes\n", h.IntSize, h.OffSize)
	fmt.Fprintf(w, ";     Dumped from database version: %s\n", OneLine(h.ServerVersion))
	fmt.Fprintf(w, ";     Dumped by pg_dump version: %s\n;\n;\n; Selected TOC Entries:\n;\n", OneLine(h.DumpVersion))
}

func listFormat(f Format) string {
	switch f {
	case FormatCustom:
		return "CUSTOM"
	case FormatDirectory:
		return "DIRECTORY"
	case FormatTar:
		return "TAR"
	}
	return "UNKNOWN"
}

// SchemaLine returns the entry's schema for a comment or a list, "-" if it has none.
func (e *Entry) SchemaLine() string {
	if e.Nulls.Has(FieldNamespace) {
		return "-"
	}
	return OneLine(e.Namespace)
}

// OneLine returns s with its line ends as spaces, so that nothing of it can get out of the comment or the line that it is
// put into (sanitize_line in dumputils.c).
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, s)
}

// maxListLine bounds a line of a list: names and types are far shorter.
const maxListLine = 1 << 20

// ParseList reads the file that pg_restore's --use-list takes: a dump id a line, in the order to restore them; what
// follows a semicolon is a comment, and so are empty lines (SortTocFromFile). Where pg_restore ignores a line that it
// can't read, and an id that comes twice, this is an error that names the line. The list is never nil.
func ParseList(r io.Reader) ([]int, error) {
	ids, seen := []int{}, map[int]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxListLine)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := bytes.Cut(lines.Bytes(), []byte(";"))
		fields := bytes.Fields(text)
		if len(fields) == 0 {
			continue
		}
		id, err := strconv.ParseInt(string(fields[0]), 10, 32)
		switch {
		case err != nil || id < 1 || len(fields) > 1:
			return nil, fmt.Errorf("list, line %d: %.40q is no entry's number", n, text)
		case seen[int(id)] > 0:
			return nil, fmt.Errorf("list, line %d: entry %d is in line %d too", n, id, seen[int(id)])
		}
		seen[int(id)] = n
		ids = append(ids, int(id))
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("list: a line is longer than %d bytes: is this a list?", maxListLine)
	} else if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return ids, nil
}
