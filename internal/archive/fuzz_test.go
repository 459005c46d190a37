package archive_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

func FuzzReadTOC(f *testing.F) {
	for minor := byte(12); minor <= 16; minor++ {
		f.Add(archive.EncodeTOC(handMade(minor)))
	}
	for _, name := range goldens(f) {
		toc := readTOC(f, readFile(f, name+".dump"))
		some := &archive.TOC{Header: toc.Header, Entries: toc.Entries[:12]}
		f.Add(archive.EncodeTOC(some))
	}
	lim := archive.Limits{StringBytes: 1 << 20, Entries: 10_000, Dependencies: 1000, TotalBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, p []byte) {
		toc, err := archive.ReadTOC(bytes.NewReader(p), lim)
		if err != nil {
			if errors.Is(err, io.EOF) {
				t.Fatalf("looks like a clean end: %v", err)
			}
			return
		}
		again, err := archive.ReadTOC(bytes.NewReader(archive.EncodeTOC(toc)), archive.Limits{})
		if err != nil {
			t.Fatalf("written again: %v", err)
		}
		if !toc.Header.Created.IsZero() && again.Header != toc.Header || !reflect.DeepEqual(again.Entries, toc.Entries) {
			t.Fatalf("written again:\ngot  %+v\nwant %+v", again, toc)
		}
	})
}

func FuzzSplitStatements(f *testing.F) {
	for _, c := range splitCases {
		f.Add(c.sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		list := archive.SplitStatements(sql)
		rest := sql
		for _, s := range list {
			_, after, found := strings.Cut(rest, s)
			if !found || s == "" {
				t.Fatalf("%q is not the next piece of %q", s, rest)
			}
			rest = after
			if one := archive.SplitStatements(s); len(one) != 1 || one[0] != s {
				t.Fatalf("%q is not one statement: %q", s, one)
			}
		}
		if again := archive.SplitStatements(strings.Join(list, "\n;--;\n")); !slices.Equal(again, list) {
			t.Fatalf("split, joined and split:\ngot  %q\nwant %q", again, list)
		}
	})
}

func FuzzReplaceDatabaseName(f *testing.F) {
	for _, c := range replaceCases {
		f.Add(c.stmts, "src", "tar get")
	}
	f.Fuzz(func(t *testing.T, stmts, from, to string) {
		got, err := archive.ReplaceDatabaseName(stmts, from, to)
		if err != nil {
			return
		}
		if n, m := len(archive.SplitStatements(got)), len(archive.SplitStatements(stmts)); n != m {
			t.Fatalf("%d statements became %d: %q", m, n, got)
		}
		// Names may be written in two ways, so the way back gives FormatIdent's, and from there on all is stable.
		back, err := archive.ReplaceDatabaseName(got, to, from)
		if err != nil {
			t.Fatalf("back: %v", err)
		}
		if again, err := archive.ReplaceDatabaseName(back, from, to); err != nil || again != got {
			t.Fatalf("there, back and there:\ngot  %q, %v\nwant %q", again, err, got)
		}
	})
}
