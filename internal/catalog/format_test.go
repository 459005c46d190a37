package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// layoutOf reads the layout of a database.
func layoutOf(t *testing.T, url string) *Layout {
	t.Helper()
	l, err := ReadLayout(t.Context(), connect(t, url), true)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// described writes a type as schema.name:kind with what it holds in brackets.
func (l *Layout) described(oid uint32) string {
	t := l.Types[oid]
	if t == nil {
		return "?"
	}
	var inner []string
	for _, c := range t.Inner {
		text := l.described(c.Type)
		if c.Mod >= 0 {
			text += fmt.Sprint("/", c.Mod)
		}
		inner = append(inner, text)
	}
	text := t.Schema + "." + t.Name + ":" + string(t.Kind)
	if t.Array {
		text += "[]"
	}
	if !t.Sends || !t.Receives {
		text += "!"
	}
	if t.Extension != "" {
		text += "@" + t.Extension
	}
	if inner != nil {
		text += "(" + strings.Join(inner, " ") + ")"
	}
	return strings.ReplaceAll(text, "pg_catalog.", "")
}

// A type is described with all that it holds, whatever is around it.
func TestLayoutOfTypes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE SCHEMA s; SET search_path = s;
		CREATE TYPE mood AS ENUM ('a'); CREATE TYPE pair AS (a varchar(3), gone int, m mood[]); ALTER TYPE pair DROP ATTRIBUTE gone;
		CREATE DOMAIN short AS varchar(5) CHECK (value <> ''); CREATE DOMAIN shorts AS short[]; CREATE TYPE moods AS RANGE (subtype = mood);
		CREATE TABLE row_type (id int, gone int, r regrole); ALTER TABLE row_type DROP COLUMN gone;
		CREATE TABLE t (
			a int, b name, c point, d int2vector, e aclitem[], f mood, g pair, h pair[], i shorts, j moods, k moods_multirange[], l row_type, m information_schema.yes_or_no, n gtsvector)`)
	l := layoutOf(t, url)
	table := l.Tables[oidOf(t, url, "s.t")]
	if table == nil || l.Version < 120000 || l.Encoding != "UTF8" || l.Monetary == "" || table.Name != `"s"."t"` || table.Extension != "" {
		t.Fatalf("%+v of %+v", table, l)
	}
	const mood, moodRange = "s.mood:e", "s.moods:r(s.mood:e)"
	const pair = "s.pair:c(varchar:b/7 s._mood:b[](" + mood + "))"
	want := []string{
		"int4:b", "name:b", "point:b", "int2vector:b(int2:b)", "_aclitem:b[](aclitem:b!)", mood, pair, "s._pair:b[](" + pair + ")",
		"s.shorts:d(s._short:b[](s.short:d(varchar:b/9)))", moodRange, "s._moods_multirange:b[](s.moods_multirange:m(" + moodRange + "))",
		"s.row_type:c(int4:b regrole:b)", "information_schema.yes_or_no:d(varchar:b/7)", "gtsvector:b!",
	}
	for i, c := range table.Columns() {
		if got := l.described(c.Type); c.Name != string(rune('a'+i)) || c.Mod != -1 || got != want[i] {
			t.Errorf("column %s: %s, not %s", c.Name, got, want[i])
		}
	}
	if n := len(table.Columns()); n != len(want) {
		t.Errorf("%d columns", n)
	}
}

// Names hold what they like; dropped and generated columns are no columns of a COPY; only tables with rows of the user's count.
func TestLayoutOfTables(t *testing.T) {
	t.Parallel()
	const hostile = `"; drop table x --` + "\n" + `\ 23 -1 ""`
	quoted := `"` + strings.ReplaceAll(hostile, `"`, `""`) + `"`
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE SCHEMA `+quoted+`; CREATE TABLE `+quoted+"."+quoted+` (gone int, `+quoted+` numeric(7, 2), id int, twice int GENERATED ALWAYS AS (id * 2) STORED, "ä" text, q text, `+quoted+`"" text);
		ALTER TABLE `+quoted+"."+quoted+` DROP COLUMN gone; CREATE VIEW v AS SELECT 1; CREATE TABLE bare (); CREATE MATERIALIZED VIEW m AS SELECT 'x'::xml AS x;
		CREATE TABLE top (id int) PARTITION BY LIST (id); CREATE TABLE leaf PARTITION OF top DEFAULT`)
	l := layoutOf(t, url)
	got := map[string][]Column{}
	for _, table := range l.Tables {
		got[table.Name] = table.Columns()
	}
	id := []Column{{"id", 23, -1}}
	want := map[string][]Column{
		quoted + "." + quoted: {{hostile, 1700, 458758}, {"id", 23, -1}, {"ä", 25, -1}, {"q", 25, -1}, {hostile + `"`, 25, -1}},
		`"public"."bare"`:     nil, `"public"."top"`: id, `"public"."leaf"`: id,
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%+v\nnot %+v", got, want)
	}
	for name, columns := range want {
		if again := NewTableLayout(name, columns...).Columns(); !slices.Equal(again, columns) {
			t.Errorf("%+v\nbecomes %+v", columns, again)
		}
	}
	if l.Types[142] != nil {
		t.Error("the types of a materialized view are read")
	}
	if l, err := ReadLayout(t.Context(), connect(t, url), false); err != nil || l.Encoding != "UTF8" || len(l.Tables)+len(l.Types) > 0 {
		t.Errorf("without tables: %+v, error %v", l, err)
	}
}

// What an extension made is told, a type, a table and its row type.
func TestLayoutOfExtensions(t *testing.T) {
	t.Parallel()
	programs := pgtest.WithExtension(t, pgtest.Programs(t), "../transfer/testdata/extension")
	url := pgtest.New(t, cluster.Options{Programs: programs}).URL("postgres")
	pgtest.Exec(t, url, "CREATE EXTENSION pgsluice_conf; CREATE TABLE t (r pgsluice_conf.region[])")
	l := layoutOf(t, url)
	if got := l.Tables[oidOf(t, url, "pgsluice_conf.region")]; got == nil || got.Extension != "pgsluice_conf" {
		t.Errorf("its table: %+v", got)
	}
	table := l.Tables[oidOf(t, url, "t")]
	if got := l.described(table.Columns()[0].Type); !strings.HasPrefix(got, "pgsluice_conf._region:b[](pgsluice_conf.region:c@pgsluice_conf(") || table.Extension != "" {
		t.Errorf("a column of its row type: %s", got)
	}
	if l.Extensions["pgsluice_conf"] == "" {
		t.Errorf("extensions %v", l.Extensions)
	}
}

// What is cut off is not read past its end.
func TestCutColumns(t *testing.T) {
	t.Parallel()
	const whole = `23 -1 "a ""b""" 25 7 "c"`
	for i := range len(whole) {
		_ = parseColumns(whole[:i])
	}
	if got := parseColumns(whole); !slices.Equal(got, []Column{{`a "b"`, 23, -1}, {"c", 25, 7}}) {
		t.Errorf("%+v", got)
	}
}
