package verify

import (
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/archive"
)

// side makes a Side of entries alone.
func side(version int, database string, entries ...archive.Entry) *Side {
	return &Side{Version: version, TOC: &archive.TOC{Header: archive.Header{Database: database}, Entries: entries}}
}

func found(r *Result) []string {
	var all []string
	for _, d := range r.Differences {
		all = append(all, string(d.Kind)+" | "+d.Object+": "+d.Text)
	}
	for _, n := range r.Notes {
		all = append(all, "note | "+n.Object+": "+n.Text)
	}
	return all
}

type entries = []archive.Entry

func TestCompareEntries(t *testing.T) {
	t.Parallel()
	const view = "CREATE VIEW public.v AS\n SELECT t.a\n   FROM public.t;\n"
	operator := func(left string) archive.Entry {
		return archive.Entry{Desc: "OPERATOR", Namespace: "public", Tag: "+", Defn: "CREATE OPERATOR public.+ (LEFTARG = " + left + ")"}
	}
	for name, c := range map[string]struct {
		src, dst entries
		dstMajor int
		choices  Choices
		want     []string
	}{
		"entries of one name are paired by content": {
			src: entries{operator("int"), operator("text"), operator("bool")}, dst: entries{operator("text"), operator("int"), operator("bool")},
		},
		"one of them is missing": {
			src: entries{operator("int"), operator("text")}, dst: entries{operator("text")}, want: []string{"missing | OPERATOR public.+: only on the source"},
		},
		"a tablespace": {
			src:  entries{{Desc: "TABLE", Namespace: "public", Tag: "T", Tablespace: "fast"}},
			dst:  entries{{Desc: "TABLE", Namespace: "public", Tag: "T"}},
			want: []string{`storage | TABLE public."T": tablespace fast on the source, the default on the target`},
		},
		"a tablespace that may differ": {
			src: entries{{Desc: "TABLE", Tag: "t", Tablespace: "fast"}}, dst: entries{{Desc: "TABLE", Tag: "t"}}, choices: Choices{NoTablespaces: true},
		},
		"an access method": {
			src:  entries{{Desc: "TABLE", Tag: "t", TableAM: "heap"}},
			dst:  entries{{Desc: "TABLE", Tag: "t", TableAM: "zheap"}},
			want: []string{"storage | TABLE t: access method heap on the source, zheap on the target"},
		},
		"the databases' own names": {
			src: entries{
				{Desc: "DATABASE", Tag: "src", Defn: "CREATE DATABASE src"},
				{Desc: "COMMENT", Tag: "DATABASE src", Defn: "COMMENT ON DATABASE src IS 'x';\n"},
				{Desc: "DATABASE PROPERTIES", Tag: "src", Defn: "ALTER DATABASE src SET work_mem TO '5MB';\n"},
			},
			dst: entries{
				{Desc: "DATABASE", Tag: "Dst", Defn: `CREATE DATABASE "Dst" TEMPLATE x`},
				{Desc: "COMMENT", Tag: "DATABASE Dst", Defn: "COMMENT ON DATABASE \"Dst\" IS 'x';\n"},
				{Desc: "DATABASE PROPERTIES", Tag: "Dst", Defn: "ALTER DATABASE \"Dst\" SET work_mem TO '6MB';\n"},
			},
			want: []string{"definition | DATABASE PROPERTIES of the database: another definition"}, // values may be secret
		},
		"grants in another order": {
			src: entries{{Desc: "ACL", Tag: "TABLE t", Defn: "GRANT SELECT ON TABLE t TO a;\nGRANT SELECT ON TABLE t TO b;\n"}},
			dst: entries{{Desc: "ACL", Tag: "TABLE t", Defn: "GRANT SELECT ON TABLE t TO b;\nGRANT SELECT ON TABLE t TO a;\n"}},
		},
		"a table's owner is told once": {
			src:  entries{{Desc: "TABLE", Tag: "t", Owner: "a"}, {Desc: "INDEX", Tag: "i", Owner: "a"}, {Desc: "COMMENT", Tag: "TABLE t", Owner: "a"}},
			dst:  entries{{Desc: "TABLE", Tag: "t", Owner: "b"}, {Desc: "INDEX", Tag: "i", Owner: "b"}, {Desc: "COMMENT", Tag: "TABLE t", Owner: "b"}},
			want: []string{"owner | TABLE t: owner a on the source, b on the target"},
		},
		"default privileges belong to roles": {
			src:  entries{{Desc: "DEFAULT ACL", Tag: "DEFAULT PRIVILEGES FOR TABLES", Owner: "a", Defn: "x"}},
			dst:  entries{{Desc: "DEFAULT ACL", Tag: "DEFAULT PRIVILEGES FOR TABLES", Owner: "b", Defn: "x"}},
			want: []string{"extra | DEFAULT ACL DEFAULT PRIVILEGES FOR TABLES of role b: only on the target", "missing | DEFAULT ACL DEFAULT PRIVILEGES FOR TABLES of role a: only on the source"},
		},
		"a child's columns are in another order": {
			src: entries{{Desc: "TABLE", Tag: "c", Defn: "CREATE TABLE c (\n    a int,\n    b int\n)\nINHERITS (p);"}},
			dst: entries{{Desc: "TABLE", Tag: "c", Defn: "CREATE TABLE c (\n    b int,\n    a int\n)\nINHERITS (p);"}},
		},
		"a view as two majors write it": {
			src: entries{{Desc: "VIEW", Namespace: "public", Tag: "v", Defn: view}}, dst: entries{{Desc: "VIEW", Namespace: "public", Tag: "v", Defn: strings.Replace(view, "t.a", "a", 1)}},
			dstMajor: 18,
			want:     []string{"note | VIEW public.v: written differently by versions 15 and 18, alike but for parentheses and the qualification of columns"},
		},
		"another view under two majors": {
			src: entries{{Desc: "VIEW", Namespace: "public", Tag: "v", Defn: view}}, dst: entries{{Desc: "VIEW", Namespace: "public", Tag: "v", Defn: strings.Replace(view, "t.a", "b", 1)}},
			dstMajor: 18,
			want:     []string{`definition | VIEW public.v: another definition: "SELECT t.a" on the source, "SELECT b" on the target (perhaps only written differently: the servers are of versions 15 and 18)`},
		},
		"what one major writes must be the same": {
			src: entries{{Desc: "VIEW", Namespace: "public", Tag: "v", Defn: view}}, dst: entries{{Desc: "VIEW", Namespace: "public", Tag: "v", Defn: strings.Replace(view, "t.a", "a", 1)}},
			want: []string{`definition | VIEW public.v: another definition: "SELECT t.a" on the source, "SELECT a" on the target`},
		},
		"a copy's ledger": {
			dst: entries{
				{Desc: "SCHEMA", Tag: "_pgsluice"},
				{Desc: "TABLE", Namespace: "_pgsluice", Tag: "ledger"},
				{Desc: "ACL", Tag: "SCHEMA _pgsluice"},
				{Desc: "COMMENT", Tag: "SCHEMA _pgsluice"},
				{Desc: "CONSTRAINT", Namespace: "_pgsluice", Tag: "ledger ledger_pkey"},
			},
		},
		"what is compared otherwise": {
			src: entries{
				{Desc: "TABLE DATA", Tag: "t"},
				{Desc: "SEQUENCE SET", Tag: "s", Defn: "1"},
				{Desc: "BLOB", Tag: "1"},
				{Desc: "BLOBS", Tag: "BLOBS"},
				{Desc: "ENCODING", Tag: "ENCODING"},
				{Desc: "ACL", Tag: "LARGE OBJECT 1"},
				{Desc: "SCHEMA", Tag: "public", Owner: "a"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			major := max(15, c.dstMajor)
			r := Compare(side(150018, "src", c.src...), side(major*10000, "Dst", c.dst...), c.choices)
			got := found(r)
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// Servers that hash differently can't be compared, and are not equal.
func TestOtherHashes(t *testing.T) {
	t.Parallel()
	r := Compare(&Side{probe: "1"}, &Side{probe: "2"}, Choices{})
	if r.Equal() || len(r.Unverified) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestSetSequences(t *testing.T) {
	t.Parallel()
	s := &Side{Sequences: map[string]Sequence{`public."S"`: {LastValue: 99, IsCalled: true, Increment: -2, Read: true}}}
	s.SetSequences(&archive.TOC{Entries: entries{
		{Desc: "SEQUENCE SET", Namespace: "public", Tag: "S", Defn: "SELECT pg_catalog.setval('public.\"S\"', -5, false);\n"},
		{Desc: "SEQUENCE SET", Namespace: "public", Tag: "odd'); --", Defn: "SELECT pg_catalog.setval('public.\"odd''); --\"', 7, true);\n"},
	}})
	if got, want := s.Sequences[`public."S"`], (Sequence{LastValue: -5, Increment: -2, Read: true}); got != want {
		t.Errorf("%+v", got)
	}
	if got, want := s.Sequences[`public."odd'); --"`], (Sequence{LastValue: 7, IsCalled: true, Read: true}); got != want {
		t.Errorf("%+v", got)
	}
}

func TestCommonEncoding(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]Encoding{
		{"UTF8", "UTF8"}: {Client: "UTF8"}, {"LATIN1", "LATIN1"}: {Client: "LATIN1"}, {"LATIN1", "UTF8"}: {Client: "UTF8", Convert: true},
		{"SQL_ASCII", "LATIN1"}: {Client: "LATIN1"}, {"UTF8", "SQL_ASCII"}: {Client: "UTF8"}, {"SQL_ASCII", "SQL_ASCII"}: {Client: "SQL_ASCII"},
	} {
		if got := CommonEncoding(pair[0], pair[1]); got != want {
			t.Errorf("%v: %+v", pair, got)
		}
	}
}
