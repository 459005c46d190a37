package script_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgsluice/internal/archive"
	"pgsluice/internal/script"
)

// small is a TOC with two tables and large objects.
func small() *archive.TOC {
	return &archive.TOC{
		Header: archive.Header{Version: archive.Version{Major: 1, Minor: 14}, ServerVersion: "18beta1", DumpVersion: "18\n\\! ls"},
		Entries: []archive.Entry{
			{DumpID: 1, Tag: "STDSTRINGS", Desc: "STDSTRINGS", Section: archive.PreData, Defn: "SET standard_conforming_strings = 'off';\n"},
			{DumpID: 2, Tag: "a\n\\! ls", Desc: "TABLE", Section: archive.PreData, Namespace: "b\rc", Owner: "me", Defn: "CREATE TABLE t ();\n"},
			{DumpID: 3, Tag: "a", Desc: "TABLE DATA", Section: archive.DataSection, Namespace: "public", HadDumper: true, CopyStmt: "COPY a FROM stdin;\n"},
			{DumpID: 4, Tag: "b", Desc: "TABLE DATA", Section: archive.DataSection, Namespace: "public", HadDumper: true, CopyStmt: "COPY b FROM stdin;\n"},
			{DumpID: 5, Tag: "BLOBS", Desc: "BLOBS", Section: archive.DataSection, HadDumper: true},
		},
	}
}

func writer(t *testing.T) (*script.Writer, *archive.TOC, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	toc := small()
	w, err := script.NewWriter(&b, toc, script.Options{Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return w, toc, &b
}

func TestNamesStayInTheirComments(t *testing.T) {
	w, toc, b := writer(t)
	if err := w.Begin(toc.ByID(3)); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if len(got) == 0 { // the rest is in the buffer
		t.Fatal("nothing")
	}
	for _, e := range []int{3, 4} {
		if e == 4 {
			if err := w.Begin(toc.ByID(4)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Begin(toc.ByID(5)), w.BeginObject(1<<32-1)); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write(bytes.Repeat([]byte{0xab}, 20_000)); n != 20_000 || err != nil {
		t.Fatal(n, err)
	}
	if err := errors.Join(w.EndObject(), w.End(), w.Close()); err != nil {
		t.Fatal(err)
	}
	got = b.String()
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, `\`) && line != "\\restrict secret\n" && line != "\\unrestrict secret\n" && line != "\\.\n" {
			t.Errorf("psql would obey %q", line)
		}
	}
	for _, want := range []string{
		"WHERE name = 'transaction_timeout';\n", "SET escape_string_warning = off;\n", "-- Name: a \\! ls; Type: TABLE; Schema: b c; Owner: me\n",
		"SELECT pg_catalog.lo_open('4294967295', 131072);\n", `SELECT pg_catalog.lowrite(0, '\\x` + strings.Repeat("ab", 16384) + "');\n",
		`SELECT pg_catalog.lowrite(0, '\\x` + strings.Repeat("ab", 20_000-16384) + "');\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %.100q", want)
		}
	}
}

// Rows with an end mark would make statements of what follows.
func TestRowsWithAnEndMarkAreRefused(t *testing.T) {
	for _, rows := range []string{"\\.\n", "\\.", "1\n\\.\nDROP TABLE t;\n", "1\n\\.\r\n", "1\n2\n\\.x\n"} {
		for step := 1; step <= len(rows); step++ {
			w, toc, _ := writer(t)
			err := w.Begin(toc.ByID(3))
			for p := []byte(rows); len(p) > 0 && err == nil; p = p[min(step, len(p)):] {
				_, err = w.Write(p[:min(step, len(p))])
			}
			if err == nil || !strings.Contains(err.Error(), "end mark") {
				t.Errorf("%q by %d: %v", rows, step, err)
			}
		}
	}
}

func TestOrdinaryRows(t *testing.T) {
	for _, rows := range []string{"", "\n", "\\\\.\n", "1\\.\n", "a\n\n\\N\n"} {
		for step := 1; step <= max(1, len(rows)); step++ {
			w, toc, b := writer(t)
			err := w.Begin(toc.ByID(3))
			for p := []byte(rows); len(p) > 0 && err == nil; p = p[min(step, len(p)):] {
				_, err = w.Write(p[:min(step, len(p))])
			}
			if err = errors.Join(err, w.End(), w.Begin(toc.ByID(4)), w.End(), w.Begin(toc.ByID(5)), w.End(), w.Close()); err != nil {
				t.Errorf("%q by %d: %v", rows, step, err)
			}
			if !strings.Contains(b.String(), "COPY a FROM stdin;\n"+rows+"\\.\n\n\n--\n") {
				t.Errorf("%q by %d:\n%s", rows, step, b)
			}
		}
	}
}

func TestWriterIsUsedAsItMust(t *testing.T) {
	w, toc, b := writer(t)
	if w.NextData().DumpID != 3 || !w.Wants(toc.ByID(4)) || w.Wants(toc.ByID(2)) {
		t.Error("other data is wanted")
	}
	for want, err := range map[string]error{
		"needs the data of TABLE DATA public.a before": w.Begin(toc.ByID(4)),
		"no data has begun":                            w.End(),
		"not its place":                                w.BeginObject(1),
		"no large object has begun":                    w.EndObject(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if err := w.Begin(toc.ByID(3)); err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(toc.ByID(3)); err == nil || !strings.Contains(err.Error(), "its data has not ended") {
		t.Error(err)
	}
	if _, err := w.Write([]byte("half a row")); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err == nil || !strings.Contains(err.Error(), "ends within a row") {
		t.Error(err)
	}
	if err := w.Close(); err == nil || strings.Contains(b.String(), "complete") {
		t.Errorf("closed without all data: %v\n%s", err, b)
	}
	w, _, b = writer(t)
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "its data is missing") || strings.Contains(b.String(), "complete") {
		t.Errorf("closed without any data: %v\n%s", err, b)
	}
}
