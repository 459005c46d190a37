package archive_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

// canRead reports whether pg_restore of a major version reads archives of version v.
func canRead(major int, v archive.Version) bool {
	switch {
	case major < 16:
		return v.Minor <= 14
	case major == 16:
		return v.Minor <= 15
	}
	return true
}

// selections are pairs of ours and of pg_restore's options.
var selections = []struct {
	flags []string
	ours  archive.Selection
}{
	{nil, archive.Selection{}},
	{[]string{"--create"}, archive.Selection{Database: true}},
	{[]string{"--schema-only"}, archive.Selection{SchemaOnly: true}},
	{[]string{"--data-only"}, archive.Selection{DataOnly: true}},
	{[]string{"--section=pre-data"}, archive.Selection{Sections: []archive.Section{archive.PreData}}},
	{[]string{"--section=data", "--section=post-data"}, archive.Selection{Sections: []archive.Section{archive.DataSection, archive.PostData}}},
	{[]string{"--schema=public"}, archive.Selection{Schemas: []string{"public"}}},
	{[]string{"--exclude-schema=public"}, archive.Selection{ExcludeSchemas: []string{"public"}}},
	{[]string{"--table=orders", "--table=events"}, archive.Selection{Tables: []string{"orders", "events"}}},
	{[]string{"--table=orders", "--schema=public"}, archive.Selection{Tables: []string{"orders"}, Schemas: []string{"public"}}},
	{[]string{"--index=orders_at"}, archive.Selection{Indexes: []string{"orders_at"}}},
	{[]string{"--no-acl", "--no-comments"}, archive.Selection{NoACL: true, NoComments: true}},
	{[]string{"--no-publications", "--no-subscriptions"}, archive.Selection{NoPublications: true, NoSubscriptions: true}},
}

func TestListIsPgRestores(t *testing.T) {
	t.Setenv("TZ", "UTC")
	for major := range found() {
		for _, name := range goldens(t) {
			toc := readTOC(t, readFile(t, name+".dump"))
			if !canRead(major, toc.Header.Version) {
				continue
			}
			for _, s := range selections {
				if len(s.flags) > 0 && major < 18 && strings.HasSuffix(name, "pg18") {
					continue // before 18, its STATISTICS DATA is just an entry of an unknown kind
				}
				args := slices.Concat([]string{"--list"}, s.flags, []string{name + ".dump"})
				want := output(t, program(t, major, "pg_restore"), args...)
				sameList(t, major, filepath.Base(name)+" "+strings.Join(s.flags, " "), toc, s.ours, want)
			}
		}
	}
}

// number is how versions before 16 list the compression.
var number = regexp.MustCompile(`(?m)^;     Compression: .*`)

func sameList(t *testing.T, major int, name string, toc *archive.TOC, s archive.Selection, want string) {
	t.Helper()
	var b bytes.Buffer
	if err := toc.List(&b, &s); err != nil {
		t.Fatal(name, err)
	}
	got := b.String()
	if major < 16 {
		got, want = number.ReplaceAllString(got, ""), number.ReplaceAllString(want, "")
	}
	if got != want {
		t.Errorf("%s, pg_restore %d lists\n%s\nand not\n%s", name, major, want, got)
	}
}

// The goldens were listed with all entries; what is not wanted is missing here.
func TestListHasTheGoldensLines(t *testing.T) {
	for _, name := range goldens(t) {
		toc := readTOC(t, readFile(t, name+".dump"))
		var b bytes.Buffer
		if err := toc.List(&b, &archive.Selection{Database: true}); err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(readFile(t, name+".list"))) {
			special := strings.Contains(line, " ENCODING - ") || strings.Contains(line, " STDSTRINGS ") || strings.Contains(line, " SEARCHPATH ")
			if !special && !strings.HasPrefix(line, ";\tdepends on") && !strings.Contains(line, "created at") {
				want = append(want, line)
			}
		}
		got := slices.DeleteFunc(slices.Collect(strings.Lines(b.String())), func(line string) bool { return strings.Contains(line, "created at") })
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nnot\n%s", name, strings.Join(got, ""), strings.Join(want, ""))
		}
	}
}

// A list read again gives the ids in their order, and selects just these entries.
func TestListRoundTrip(t *testing.T) {
	toc := readTOC(t, readFile(t, "testdata/golden/pg18.dump"))
	var b bytes.Buffer
	if err := toc.List(&b, &archive.Selection{}); err != nil {
		t.Fatal(err)
	}
	ids, err := archive.ParseList(&b)
	if err != nil || len(ids) < 50 {
		t.Fatal(ids, err)
	}
	slices.Reverse(ids)
	s := archive.Selection{List: ids[:10]}
	selected, err := s.Select(toc)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, e := range selected.Entries() {
		if selected.Wants(e) {
			got = append(got, e.DumpID)
		}
	}
	if !slices.Equal(got, ids[:10]) {
		t.Errorf("selected %v, not %v", got, ids[:10])
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string][]int{
		"":                                       {},
		"; nothing\n\n \t\r\n;12; x\n":           {},
		"12; 1259 16384 TABLE public a b\r\n 3 ": {12, 3},
		"7":                                      {7},
	} {
		if got, err := archive.ParseList(strings.NewReader(text)); err != nil || got == nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"1\n\nx; 1\n":                 "line 3",
		"0":                           "line 1",
		"-1":                          "line 1",
		"12 TABLE":                    "line 1",
		"99999999999":                 "line 1",
		"3\n4\n3\n":                   "line 3: entry 3 is in line 1 too",
		strings.Repeat("1", 2<<20):    "longer than",
		"PGDMP\x01\x0e\x00\x04\b\x01": "no entry's number",
	} {
		if got, err := archive.ParseList(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v", text, got, err)
		}
	}
}

func TestSelectionErrors(t *testing.T) {
	toc := readTOC(t, readFile(t, "testdata/golden/pg15.dump"))
	for _, s := range []archive.Selection{{SchemaOnly: true, DataOnly: true}, {List: []int{1 << 30}}} {
		if _, err := s.Select(toc); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
}
