-- Values of every built-in type that a table can hold, edges first, and of the types of 10-types.sql.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL lc_monetary = 'C';

CREATE TABLE types.numbers (id integer PRIMARY KEY, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric, n52 numeric(5, 2), n_neg numeric(3, -2), m money, o oid, b boolean, c "char", nm name);
INSERT INTO types.numbers VALUES
	(1, -32768, -2147483648, -9223372036854775808, 'NaN', 'NaN', 'NaN', 'NaN', 12300, '-92233720368547758.08', 4294967295, true, 'x', 'n'),
	(2, 32767, 2147483647, 9223372036854775807, 'Infinity', '-Infinity', 'Infinity', 999.99, -99900, '92233720368547758.07', 0, false, '', ''),
	(3, 0, 0, 0, '-0', '-0', '-Infinity', -999.99, 0, '$1,234.56', 1, NULL, '\', repeat('n', 63)::name),
	(4, NULL, NULL, NULL, '1.17549435e-38', '2.2250738585072014e-308', '0.000', NULL, NULL, NULL, NULL, NULL, E'\001', NULL),
	(5, 1, 1, 1, '3.4028235e38', '1.7976931348623157e308', '-0.00000000000000000000000000000000000001', 0, 0, '0', 1, true, '1', '1'),
	(6, 1, 1, 1, '1e-45', '5e-324', (repeat('9', 400) || '.' || repeat('1', 300))::numeric, 0.1, 0, '0.01', 1, true, '1', '1'),
	(7, 1, 1, 1, '0.1', '0.30000000000000004', 1e1000, 1, 1, '1', 1, true, '1', '1');

CREATE TABLE types.strings (id integer PRIMARY KEY, t text, v varchar, v5 varchar(5), ch char(6), ch_array char(4)[], bc bpchar, raw bytea, bits bit(8), vbits bit varying, u uuid, cs text COLLATE types.c_copy);
INSERT INTO types.strings VALUES
	(1, '', '', '', '', '{}', '', '', B'00000000', B'', '00000000-0000-0000-0000-000000000000', ''),
	(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(3, '\N', '\.', 'NULL', 'pad', '{a,NULL,"NULL"}', 'keeps  ', '\x000102ff5c27220a', B'10101010', B'1', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'é'),
	(4, E'\b\f\n\r\t\v\\ "''', E'\001\037\177', E'\n', E' \t ', '{" ",""}', E'\n', decode(repeat('00', 300), 'hex'), B'11111111', repeat('01', 700)::varbit, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', E'\u00a0\u2028\ufeff\U0001F418'),
	(5, E'\\\\x41', E'a\\', E'\\\\', 'äöü', '{äöü}', E'\\', '\x5c78', B'00000001', B'0', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', E'line one\r\nline two\n');

CREATE TABLE types.times (id integer PRIMARY KEY, d date, t time, t3 time(3), ttz timetz, ts timestamp, ts0 timestamp(0), tstz timestamptz, i interval, iym interval year to month, i3 interval second(3));
INSERT INTO types.times VALUES
	(1, 'infinity', '24:00:00', '00:00:00', '24:00:00+15:59', 'infinity', '-infinity', 'infinity', '-178000000 years', '178000000 years', '1.2345 seconds'),
	(2, '-infinity', '00:00:00', '23:59:59.999', '00:00:00-15:59:59', '-infinity', 'infinity', '-infinity', '1 year -2 mons +3 days -04:05:06.789', '-1 month', '-59.999 seconds'),
	(3, '4713-01-01 BC', '12:34:56.789012', '12:34:56.789', '12:34:56.789012+05:45', '4713-11-24 00:00:00 BC', '0001-01-01 00:00:00 BC', '4713-11-24 00:00:00+00 BC', '-1 mons 1 day -00:00:00.000001', '0', '0'),
	(4, '5874897-12-31', '23:59:59.999999', NULL, '23:59:59-08', '294276-12-31 23:59:59.999999', '2024-02-29 12:00:00', '294276-12-31 23:59:59.999999+00', '2147483647 days', NULL, NULL),
	(5, '0044-03-15 BC', '00:00:00.000001', NULL, '00:00:00+00', '1999-12-31 23:59:60', '1582-10-10 00:00:00', '2024-03-31 02:30:00 Europe/Berlin', '00:00:00', '0', '0'),
	(6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE types.shapes (id integer PRIMARY KEY, p point, l line, s lseg, b box, pa path, po polygon, c circle, ip inet, net cidr, mac macaddr, mac8 macaddr8);
INSERT INTO types.shapes VALUES
	(1, '(1.5,-2.5)', '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),1.5>', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05'),
	(2, '(Infinity,-Infinity)', '{0.1,0.2,0.3}', '[(1e300,-1e300),(0,0)]', '(Infinity,Infinity),(-Infinity,-Infinity)', '((0,0),(1,1))', '((1e-300,0))', '<(NaN,NaN),NaN>', '2001:db8::ff00:42:8329/64', '::/0', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00:00:00'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0.0.0.0', '::ffff:1.2.3.0/120', NULL, NULL);

CREATE TABLE types.documents (id integer PRIMARY KEY, j json, jb jsonb, jp jsonpath, v tsvector, q tsquery);
INSERT INTO types.documents VALUES
	(1, '{"a": 1,  "a": 2, "b": [null, true, 1e400]}', '{"a": 1.10, "b": {"c": ["\\", "\"", "\u00e9", "\n"]}}', '$."a b"[*] ? (@ > 1 && exists(@.x))', '''it''''s'':1A ''back\\slash'':2,3B ''a b'':4C', '''fat'' & ( ''rat'':AB | !''cat'':* ) <2> ''dog'''),
	(2, 'null', 'null', 'strict $', '', ''),
	(3, '"\u0000 kept as text"', '[[], {}, "", 0, -0.0, 12345678901234567890.123456789]', 'lax $[0 to last]', 'a b c', '!!a'),
	(4, NULL, NULL, NULL, NULL, NULL),
	(5, (SELECT json_agg(g) FROM generate_series(1, 500) g), (SELECT jsonb_object_agg(g, repeat('v', g)) FROM generate_series(1, 100) g), '$.a.b.c', to_tsvector('pg_catalog.simple', (SELECT string_agg('w' || g, ' ') FROM generate_series(1, 300) g)), 'a');
DO $xml$
BEGIN
	CREATE TABLE types.xml_documents (id integer PRIMARY KEY, x xml);
	SET LOCAL xmloption = content;
	INSERT INTO types.xml_documents VALUES (1, '<a b="c">d &amp; é</a>'), (2, 'content, <b/> not a document'), (3, ''), (4, NULL), (5, '<?xml version="1.0" encoding="UTF-8"?><!-- c --><r/>');
EXCEPTION WHEN feature_not_supported THEN
	NULL; -- a server built without libxml: the table stays away with its rows
END
$xml$;

CREATE TABLE types.ranges (id integer PRIMARY KEY, i4 int4range, i8 int8range, n numrange, ts tsrange, tz tstzrange, d daterange, f types.floatrange, tx types.textrange, st types.steps, m4 int4multirange, mn nummultirange, md datemultirange, mf types."many floats", a4 int4range[]);
INSERT INTO types.ranges VALUES
	(1, '[1,5)', '(,)', '[-Infinity,Infinity]', '[2024-01-01,infinity]', '(2024-01-01 00:00+00,2024-01-02 00:00+00]', '[2024-01-01,2024-01-31]', '[1.5,NaN)', '["a,b","c""d")', '[1,3]', '{[1,3),[5,9)}', '{(,0),[1.5,2.5]}', '{[2024-01-01,2024-02-01)}', '{[1,2],(3,4)}', '{"[1,2)","empty",NULL}'),
	(2, 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', '{}', '{}', '{}', '{}', '{}'),
	(3, '(,5)', '[9223372036854775806,9223372036854775807)', '(,)', '(,infinity)', '[-infinity,)', '(,2024-01-01)', '(-Infinity,Infinity)', '["",]', '(,)', '{(,)}', '{(,)}', '{(,)}', '{(,)}', NULL),
	(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE types.arrays (id integer PRIMARY KEY, i integer[], i2 integer[][], t text[], b bytea[], ts timestamptz[], n numeric[], iv int2vector, ov oidvector, p types.point3[], e types.mood[], d types.short_words, dd types.positive[], bx box[], l42 types.int42[]);
INSERT INTO types.arrays VALUES
	(1, '{}', '{}', '{}', '{}', '{}', '{}', '', '', '{}', '{}', '{}', '{}', '{}', '{}'),
	(2, '[-2:0]={1,2,3}', '[0:1][5:6]={{1,2},{3,NULL}}', '[7:8]={"",NULL}', '{"\\x00","\\x5c"}', '{infinity,"2024-01-01 00:00:00+00"}', '{NaN,-0.0}', '1 2 3', '1 2', '{"(1,2,3)","(,,)"}', '{sad,"it''s \"complicated\"; -- \\",""}', '{a,b}', '{1,999999}', '{(1,1),(0,0);(2,2),(1,1)}', '{1;2;42}'),
	(3, '{{{1,2},{3,4}},{{5,6},{7,8}}}', NULL, '{"NULL",null,"{","}","\"","\\",","," "}', '{NULL}', '{NULL}', '{NULL}', '-1', '4294967295', NULL, '{NULL}', '{"a b",NULL}', '{NULL}', NULL, '{NULL}');

CREATE TABLE types.own (id integer PRIMARY KEY, c types.point3, n types.nested, em types.nothing, da types.dropped_attribute, i types.int42 DEFAULT '43', l types.label(20) COLLATE "C", lp types.like_point, pe types.positive_even DEFAULT 4, pl types.place, lr types.late_rule, g types.grade, e types.mood);
INSERT INTO types.own VALUES
	(1, '(1,2,NaN)', '(1,"{""(0,0,0)"",""(1,,)""}","a ""quoted"", name",sad)', '()', '(1,"(1,2,3)")', '-5', 'label "l"', '(1,2)', 2, '(0,0,0)', 'breaks the late rule', 'a', 'sad'),
	(2, '(,,)', '(,,,)', NULL, '(,)', '2147483647', '', '(0,0)', 4, NULL, NULL, 'b', ''),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 6, '(1,,)', 'x', 'd', 'it''s "complicated"; -- \');
INSERT INTO types.own (id, i, g) SELECT g, g::text::types.int42, (ARRAY['a', 'b', 'c', 'd'])[g % 4 + 1]::types.grade FROM generate_series(100, 199) g;

-- names of objects travel as text: their OIDs differ in every database
CREATE TABLE types.names (id integer PRIMARY KEY, cl regclass, ty regtype, pr regproc, prc regprocedure, op regoper, ops regoperator, ro regrole, ns regnamespace, co regcollation, cf regconfig, di regdictionary, acl aclitem, cls regclass[]);
INSERT INTO types.names VALUES
	(1, 'shop.customer', 'types.point3', 'code.noisy', 'code.add_one(text)', 'code.!!@#%', 'types.<(types.int42, types.int42)', 'ks_owner', '"Odd ""Schema""; 100% \ ''quoted''"', 'types.c_copy', 'code.config', 'code."odd ''dictionary''"', 'ks_owner=r*w/ks_owner', '{shop.orders,pg_catalog.pg_class}'),
	(2, '"Odd ""Schema""; 100% \ ''quoted''"."""; drop table x --"', 'types.mood[]', 'pg_catalog.now', 'code.table_of(integer)', NULL, 'pg_catalog.+(integer,integer)', '"Role With Spaces"', 'public', 'pg_catalog."C"', 'pg_catalog.english', 'pg_catalog.simple', '=r/ks_owner', NULL),
	(3, NULL, 'integer', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, '-', '-', '-', '-', '0', '0', '-', '-', '-', '-', '-', NULL, NULL);

CREATE TABLE types.system (id integer PRIMARY KEY, lsn pg_lsn, x xid, x8 xid8, c cid, ti tid, sn pg_snapshot, txs txid_snapshot, rc refcursor, hs "ext schema".hstore, ci public.citext);
INSERT INTO types.system VALUES
	(1, '0/0', '0', '0', '0', '(0,0)', '1:1:', '1:1:', '', '', ''),
	(2, 'FFFFFFFF/FFFFFFFF', '4294967295', '18446744073709551615', '4294967295', '(4294967295,65535)', '10:20:10,14,15', '10:20:10,14,15', 'a cursor', '"a"=>NULL, "b c"=>"d\"e"', 'MiXeD'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

COMMIT;
