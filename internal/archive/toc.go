package archive

import (
	"fmt"
	"strings"
	"sync"
)

// TOC is an archive's header and table of contents. It may be used from several goroutines as long as none changes it.
type TOC struct {
	Header  Header
	Entries []Entry // in the archive's order, which is the order to restore them in

	indexOnce sync.Once
	index     map[int]int // dump id to place in Entries; a TOC made by hand gets it from its first ByID
}

// ByID returns the entry with that dump id, or nil. The entry is the TOC's own. Entries added after ReadTOC or
// after the first call are not found.
func (t *TOC) ByID(id int) *Entry {
	t.indexOnce.Do(func() {
		if t.index != nil {
			return
		}
		t.index = make(map[int]int, len(t.Entries))
		for i := range t.Entries {
			t.index[t.Entries[i].DumpID] = i
		}
	})
	i, ok := t.index[id]
	if !ok {
		return nil
	}
	return &t.Entries[i]
}

// Encoding returns PostgreSQL's name of the encoding that all text in the archive is in, such as "UTF8"; client_encoding
// must be set to it before any of it is sent. It is "" if the archive does not say.
func (t *TOC) Encoding() string {
	name, _ := t.setting("ENCODING")
	return name
}

// StdStrings reports whether the archive's SQL is written for standard_conforming_strings = on, as all of today's is.
func (t *TOC) StdStrings() bool {
	value, ok := t.setting("STDSTRINGS")
	return value == "on" || !ok
}

// SearchPath returns the statement that sets the search_path which the archive's SQL is written for. Archives before
// 1.13 have none: "".
func (t *TOC) SearchPath() string {
	for i := range t.Entries {
		if t.Entries[i].Desc == "SEARCHPATH" {
			return t.Entries[i].Defn
		}
	}
	return ""
}

func (t *TOC) setting(desc string) (value string, ok bool) {
	for i := range t.Entries {
		if t.Entries[i].Desc == desc {
			return quotedValue(t.Entries[i].Defn)
		}
	}
	return "", false
}

// checkSetting refuses what processEncodingEntry and processStdStringsEntry in pg_backup_archiver.c refuse.
func checkSetting(e *Entry) error {
	switch e.Desc {
	case "ENCODING":
		if v, ok := quotedValue(e.Defn); !ok || v == "" {
			return fmt.Errorf("ENCODING names no encoding: %.100q", e.Defn)
		}
	case "STDSTRINGS":
		if v, ok := quotedValue(e.Defn); !ok || v != "on" && v != "off" {
			return fmt.Errorf("STDSTRINGS is neither on nor off: %.100q", e.Defn)
		}
	}
	return nil
}

// quotedValue returns what stands between the first two single quotes, as in SET client_encoding = 'UTF8';
func quotedValue(stmt string) (string, bool) {
	_, rest, ok := strings.Cut(stmt, "'")
	if !ok {
		return "", false
	}
	value, _, ok := strings.Cut(rest, "'")
	return value, ok
}
