package archive_test

import (
	"time"

	"pgsluice/internal/archive"
)

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
