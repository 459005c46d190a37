package transfer

import (
	"fmt"
	"strings"
	"testing"

	"pgsluice/internal/pgtest"
)

// hostileValues is SQL for values that end a line, a column or a COPY too early if they are not escaped. The kitchen sink has
// those of each type.
const hostileValues = `
CREATE TABLE controls (id int, t text, c "char", v varchar, b bytea, j jsonb, js json, x text[], h text GENERATED ALWAYS AS (t || '|') STORED);
INSERT INTO controls SELECT i, chr(i), chr(i)::"char", '\' || chr(i), set_byte('\x00', 0, i), to_jsonb(chr(i)), json_build_object(chr(i), '\u0000'), ARRAY[chr(i), '\' || chr(i), NULL, '']
  FROM generate_series(1, 127) i;
INSERT INTO controls (id, t) SELECT 200 + row_number() OVER (), v FROM unnest(ARRAY[NULL, '', '\.', E'\\.\n', E'\n\\.\n', E'\r\n\\.\r\n', '\N', E'\\N\t\\N', E'\t', E'\n', E'\r', '\', '\\',
  E'\\\n', E'a\tb\nc\\d', repeat(E'\\.\n', 30000), repeat(E'\t', 65536), repeat('x', 1000000), U&'\+01F418' || repeat('é', 65530), E'\x01\x7f', U&'\FFFF\FFFD', 'NULL', '"', '""', 'copy t from stdin;']) v;
CREATE TABLE jsonb_escapes AS SELECT '{"a": "\\u0000", "b": "\ud83d\udc18", "c": "\"\\\b\f\n\r\t\/"}'::jsonb AS j, '{"nul": "\u0000", "half": "\ud800"}'::json AS js;
CREATE TYPE pair AS (a text, b text[]);
CREATE TYPE nest AS (p pair, q pair[]);
CREATE TABLE nested (n nest, m nest[]);
INSERT INTO nested SELECT ROW (ROW (v, ARRAY[v, NULL]), ARRAY[ROW (v, ARRAY[v])::pair, NULL])::nest, ARRAY[[ROW (NULL, NULL)::nest], [NULL::nest]] FROM unnest(ARRAY['', ',', '(', ')', '"', '\', E'\n', '{}', 'NULL', NULL]) v;
CREATE TABLE extremes (f4 real[], f8 float8[], n numeric[], d date[], ts timestamp[], tz timestamptz[], i interval[], b bit(3)[], vb varbit[], r int4range[], m int4multirange[], a int[]);
INSERT INTO extremes VALUES ('{-0,NaN,Infinity,-Infinity,1e-45}', '{-0,NaN,Infinity,-Infinity,5e-324,1.7976931348623157e308}', '{NaN,Infinity,-Infinity,-0.000}',
  '{infinity,-infinity,"4713-01-01 BC",5874897-12-31}', '{infinity,-infinity,"4713-11-24 BC"}', '{infinity,-infinity,"0044-03-15 12:00:00.000001+00 BC"}',
  '{"178000000 years","-178000000 years -11 mons -2147483648 days -2562047788:00:54.775807"}', '{101,NULL}', '{"",1}', '{empty,"(,)","[1,)",NULL}', '{"{}","{(,1),[5,)}"}', '[-3:-1]={1,NULL,3}');
CREATE TABLE no_columns (); INSERT INTO no_columns SELECT FROM generate_series(1, 12345);
CREATE TABLE dropped_all (a int, b text); INSERT INTO dropped_all VALUES (1, 'x'), (2, NULL); ALTER TABLE dropped_all DROP COLUMN a, DROP COLUMN b;
CREATE TABLE dropped_some (a int, b text, c int); INSERT INTO dropped_some SELECT i, 'b', i FROM generate_series(1, 100) i; ALTER TABLE dropped_some DROP COLUMN b, ADD COLUMN d text DEFAULT 'fast';
CREATE TABLE only_generated (a int GENERATED ALWAYS AS (42) STORED); INSERT INTO only_generated SELECT FROM generate_series(1, 10);
CREATE TABLE only_null (a int, b text); INSERT INTO only_null SELECT FROM generate_series(1, 1000);
CREATE TABLE one_empty (t text); INSERT INTO one_empty VALUES (''), (''), (NULL), ('');
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM one_empty;
`

// What COPY's text format must escape arrives as it was, in tables of every odd shape.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, hostileValues)
	// the most columns that a table can have; NULL takes no room in a row, other values would not fit
	columns := make([]string, 1600)
	for i := range columns {
		columns[i] = fmt.Sprintf(`"column %d" text`, i+1)
	}
	pgtest.Exec(t, src, "CREATE TABLE widest ("+strings.Join(columns, ", ")+`);
		INSERT INTO widest ("column 1", "column 800", "column 1600") VALUES ('\N', '', E'\\.'), (NULL, NULL, NULL), ('x', E'\t', E'\n');
		CREATE TABLE wide (LIKE widest); INSERT INTO wide SELECT `+strings.Repeat("'1', ", 1599)+`'2'`)
	// a server built without libxml has no values of type xml
	pgtest.Exec(t, src, `DO $$ BEGIN CREATE TABLE xmls AS SELECT xml '<a b="&lt;">x &amp; é</a>' AS x, xmlparse(CONTENT 'a<b/>' || chr(10)) AS y;
		EXCEPTION WHEN feature_not_supported THEN END $$`)
	copyOK(t, Options{Source: src, Target: dst, Jobs: 4})
	pgtest.DBDiff(t, src, dst)
	sameDump(t, src, dst)
}
