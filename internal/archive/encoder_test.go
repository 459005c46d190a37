package archive_test

import (
	"bytes"
	"strconv"
	"time"

	"pgsluice/internal/archive"
)

// encoder writes headers and TOCs for tests only, after WriteHead and WriteToc in pg_backup_archiver.c, so that tests
// have archives of versions and with damage that no pg_dump at hand produces.
type encoder struct{ bytes.Buffer }

func encodeTOC(t *archive.TOC) []byte {
	e := &encoder{}
	h := &t.Header
	e.WriteString("PGDMP")
	e.bytes(h.Version.Major, h.Version.Minor, h.Version.Rev, h.IntSize, h.OffSize, byte(h.Format))
	if h.Version.AtLeast(1, 15) {
		e.bytes(byte(h.Compression.Algorithm))
	} else {
		e.int(h.Compression.Level)
	}
	c := h.Created
	for _, n := range []int{c.Second(), c.Minute(), c.Hour(), c.Day(), int(c.Month()) - 1, c.Year() - 1900, h.CreatedIsDST} {
		e.int(n)
	}
	e.str(h.Database)
	e.str(h.ServerVersion)
	e.str(h.DumpVersion)
	e.int(len(t.Entries))
	for i := range t.Entries {
		e.entry(h, &t.Entries[i])
	}
	return e.Bytes()
}

func (e *encoder) entry(h *archive.Header, x *archive.Entry) {
	text := func(f archive.Fields, s string) {
		if x.Nulls.Has(f) {
			e.int(-1)
			return
		}
		e.str(s)
	}
	e.int(x.DumpID)
	e.int(btoi(x.HadDumper))
	e.str(strconv.Itoa(int(x.CatalogID.TableOID)))
	e.str(strconv.Itoa(int(x.CatalogID.OID)))
	text(archive.FieldTag, x.Tag)
	text(archive.FieldDesc, x.Desc)
	e.int(int(x.Section))
	text(archive.FieldDefn, x.Defn)
	text(archive.FieldDropStmt, x.DropStmt)
	text(archive.FieldCopyStmt, x.CopyStmt)
	text(archive.FieldNamespace, x.Namespace)
	text(archive.FieldTablespace, x.Tablespace)
	if h.Version.AtLeast(1, 14) {
		text(archive.FieldTableAM, x.TableAM)
	}
	if h.Version.AtLeast(1, 16) {
		e.int(int(x.RelKind))
	}
	text(archive.FieldOwner, x.Owner)
	e.str(strconv.FormatBool(x.WithOIDs))
	for _, id := range x.Dependencies {
		e.str(strconv.Itoa(id))
	}
	e.int(-1)
	e.bytes(byte(x.Offset.State))
	for i := range int(h.OffSize) {
		e.bytes(byte(x.Offset.Position >> (8 * i)))
	}
}

func (e *encoder) bytes(p ...byte) {
	e.Write(p)
}

func (e *encoder) int(n int) {
	sign := byte(0)
	if n < 0 {
		sign, n = 1, -n
	}
	e.bytes(sign, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

func (e *encoder) str(s string) {
	e.int(len(s))
	e.bytes([]byte(s)...)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// handMade is a small TOC for an archive of version 1.minor.
func handMade(minor byte) *archive.TOC {
	h := archive.Header{
		Version: archive.Version{Major: 1, Minor: minor}, IntSize: 4, OffSize: 8, Format: archive.FormatCustom,
		Compression:  archive.Compression{Algorithm: archive.Gzip, Level: -1},
		Created:      time.Date(2011, time.February, 28, 23, 59, 58, 0, time.UTC),
		CreatedIsDST: -1, Database: "old", ServerVersion: "9.0.23", DumpVersion: "9.0.23",
	}
	const noTable = archive.FieldTablespace | archive.FieldTableAM | archive.FieldCopyStmt
	list := []archive.Entry{
		{
			DumpID: 7, Tag: "ENCODING", Desc: "ENCODING", Section: archive.PreData, Defn: "SET client_encoding = 'LATIN1';\n",
			Nulls: noTable | archive.FieldNamespace | archive.FieldDropStmt | archive.FieldOwner,
		},
		{
			DumpID: 8, Tag: "STDSTRINGS", Desc: "STDSTRINGS", Section: archive.PreData, Defn: "SET standard_conforming_strings = 'off';\n",
			Nulls: noTable | archive.FieldNamespace | archive.FieldDropStmt | archive.FieldOwner,
		},
		{
			DumpID: 1, CatalogID: archive.CatalogID{TableOID: 1259, OID: 4294967295}, Tag: "t\xe9", Desc: "TABLE",
			Section: archive.PreData, Defn: "CREATE TABLE \"t\xe9\" (a integer);", DropStmt: "DROP TABLE public.\"t\xe9\";",
			Namespace: "public", Owner: "me", RelKind: 'r', WithOIDs: true,
			TableAM: "heap", Nulls: archive.FieldCopyStmt, Offset: archive.Offset{State: archive.OffsetNoData},
		},
		{
			DumpID: 9, HadDumper: true, CatalogID: archive.CatalogID{OID: 16384}, Tag: "t\xe9", Desc: "TABLE DATA",
			Section: archive.DataSection, CopyStmt: "COPY \"t\xe9\" (a) FROM stdin;\n", Namespace: "public", Owner: "me",
			Dependencies: []int{1, 7, 2000},
			Nulls:        archive.FieldTablespace | archive.FieldTableAM | archive.FieldDefn | archive.FieldDropStmt,
			Offset:       archive.Offset{State: archive.OffsetSet, Position: 1<<40 + 5},
		},
	}
	for i := range list {
		if minor < 14 {
			list[i].TableAM, list[i].Nulls = "", list[i].Nulls|archive.FieldTableAM
		}
		if minor < 16 {
			list[i].RelKind = 0
		}
		if list[i].Offset.State == 0 {
			list[i].Offset.State = archive.OffsetNotSet
		}
	}
	return &archive.TOC{Header: h, Entries: list}
}
