package script

import (
	"strconv"
	"strings"

	"pgsluice/internal/archive"
)

// What stands before "Name:" in the comment over an entry.
const (
	ofObject     = ""
	ofData       = "Data for "
	ofStatistics = "Statistics for "
)

// entry writes one that needs no data (restore_toc_entry).
func (w *Writer) entry(e *archive.Entry) error {
	parts := w.selected.Parts(e)
	if parts&(archive.SchemaPart|archive.DataPart) != 0 {
		if err := w.printEntry(e, ofObject); err != nil {
			return err
		}
	}
	if parts&archive.StatisticsPart != 0 {
		return w.printEntry(e, ofStatistics)
	}
	return w.flushed()
}

// printEntry writes an entry's comment and statements (_printTocEntry).
func (w *Writer) printEntry(e *archive.Entry, prefix string) error {
	w.selectSchema(e.Namespace)
	w.selectStorage(e)
	w.comment(e, prefix)
	switch {
	case e.Desc == "BLOB METADATA":
		oids, err := e.LargeObjects()
		if err != nil {
			return err
		}
		for _, oid := range oids {
			w.print("SELECT pg_catalog.lo_create('", strconv.FormatUint(uint64(oid), 10), "');\n")
		}
		w.print("\n")
	case e.IsGroupACL():
		each, err := w.toc.GroupACL(e)
		if err != nil {
			return err
		}
		w.print(strings.Join(each, ";\n"), ";\n\n")
	case e.Definition(w.opt.NoOwner) != "":
		w.print(e.Definition(w.opt.NoOwner), "\n\n")
	}
	if owners, err := e.OwnerStatements(); err != nil {
		return err
	} else if len(owners) > 0 && !w.opt.NoOwner {
		w.print(strings.Join(owners, ";\n"), ";\n\n")
	}
	if method := e.SetAccessMethod(); method != "" {
		w.print(method, ";\n\n")
	}
	return w.flushed()
}

// comment writes the comment over an entry. What comes from names is on one line, or it would be SQL.
func (w *Writer) comment(e *archive.Entry, prefix string) {
	owner := "-"
	if !w.opt.NoOwner && !e.Nulls.Has(archive.FieldOwner) {
		owner = archive.OneLine(e.Owner)
	}
	w.print("--\n-- ", prefix, "Name: ", archive.OneLine(e.Tag), "; Type: ", archive.OneLine(e.Desc),
		"; Schema: ", e.SchemaLine(), "; Owner: ", owner)
	if e.Tablespace != "" && !w.opt.NoTablespaces {
		w.print("; Tablespace: ", archive.OneLine(e.Tablespace))
	}
	w.print("\n--\n\n")
}
