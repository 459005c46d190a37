-- Every built-in type that a column can have, and what users make of them, with extreme values. For versions 12 to 18.
CREATE SCHEMA kinds;
SET search_path = kinds, pg_catalog;
SET xmloption = content;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'O''Hara', 'größer');
ALTER TYPE mood ADD VALUE 'before ok' BEFORE 'ok';
COMMIT;
CREATE TYPE pair AS (a int, b text, c numeric(10, 2), d timestamptz);
ALTER TYPE pair ADD ATTRIBUTE dropped int, ADD ATTRIBUTE m mood, ADD ATTRIBUTE ms mood[];
ALTER TYPE pair DROP ATTRIBUTE dropped;
CREATE DOMAIN posint AS int CHECK (value > 0);
CREATE DOMAIN posints AS posint[] CHECK (array_length(value, 1) < 10);
CREATE TYPE deep AS (p pair, ps pair[], d posint, ds posint[]);
CREATE DOMAIN deep_domain AS deep CHECK ((value).d > 0);
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE moodrange AS RANGE (subtype = mood);
CREATE TYPE pairrange AS RANGE (subtype = pair);
CREATE TABLE row_type (id int, gone int, ps pair[]);
ALTER TABLE row_type DROP COLUMN gone;

CREATE TABLE numbers (
    id int PRIMARY KEY, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(8, 2), b bool, o oid, x xid, c cid, t tid, l pg_lsn,
    gone text);
INSERT INTO numbers VALUES
    (1, -32768, -2147483648, -9223372036854775808, '-0', '-0', 'NaN', 'NaN', false, 0, '0', '0', '(0,0)', '0/0', 'x'),
    (2, 32767, 2147483647, 9223372036854775807, 'Infinity', '-Infinity', '-0.000', 0, true, 4294967295, '4294967295', '4294967295', '(4294967295,65535)', 'FFFFFFFF/FFFFFFFF', ''),
    (3, 0, 0, 0, 'NaN', 'NaN', ('1' || repeat('0', 131071))::numeric, 999999.99, NULL, 1, '1', '1', '(1,1)', '16/B374D848', NULL),
    (4, 1, 1, 1, 1e-45, 4.9406564584124654e-324, ('0.' || repeat('0', 16382) || '1')::numeric, -0.005, true, 1, '1', '1', '(1,1)', '0/1', NULL),
    (5, 1, 1, 1, 3.4028235e38, 1.7976931348623157e308, 123456789012345678901234567890.12345678901234567890000, 1.10, true, 1, '1', '1', '(1,1)', '0/1', NULL),
    (6, NULL, NULL, NULL, 0.1, 0.1, 100000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO numbers (id, n) VALUES (7, (repeat('9', 131072) || '.' || repeat('9', 16383))::numeric), (8, '-0.1');
ALTER TABLE numbers DROP COLUMN gone, ADD big int8 GENERATED ALWAYS AS (i4::int8 * 2) STORED, ADD last int DEFAULT 7;

CREATE TABLE times (
    id int PRIMARY KEY, d date, t time, t3 time(3), tz timetz, tz0 timetz(0), ts timestamp, ts0 timestamp(0), tstz timestamptz, tstz3 timestamptz(3));
INSERT INTO times VALUES
    (1, '-infinity', '00:00', '23:59:59.9995', '00:00+15:59', '12:00-15:59:59', '-infinity', 'infinity', 'infinity', '-infinity'),
    (2, 'infinity', '24:00', '24:00', '24:00-12', '01:02:03.5+00', '4713-01-01 00:00 BC', '2000-01-01 00:00:00.5', '4713-01-02 00:00+00 BC', '0001-01-01 00:00:00.0005+00 BC'),
    (3, '4713-01-01 BC', '12:34:56.789012', '12:34:56.789012', '12:34:56.789012+05:30', '12:34:56.789012+05:30', '294276-12-31 23:59:59.999999', '1999-12-31 23:59:59.6', '294276-12-31 23:59:59.999999+00', '2021-03-28 02:30 Europe/Berlin'),
    (4, '5874897-12-31', NULL, NULL, NULL, NULL, '0044-03-15 12:00 BC', NULL, '0044-03-15 12:00+00 BC', NULL);
-- a table of its own: intervals go as text between versions on both sides of 17
CREATE TABLE intervals (id int PRIMARY KEY, i interval, m interval year to month, s interval second(2), l interval[]);
INSERT INTO intervals VALUES
    (1, '0', '-1 year -3 mons', '1.239', ARRAY['1 mon', '30 days', '720:00', NULL]::interval[]),
    (2, '178956970 years 7 mons 2147483647 days 1000000:59:59.999999', '1 mon', '-0.001', '{}'), (3, '-178956970 years -8 mons -2147483648 days -1000000:59:59.999999', NULL, NULL, NULL),
    (4, '1 year -1 day +00:00:01', NULL, NULL, NULL);

CREATE TABLE texts (
    id int PRIMARY KEY, t text, v varchar, v5 varchar(5), b bpchar, c5 char(5), n name, q "char", by bytea, j json, jb jsonb, jp jsonpath, bit1 bit, b5 bit(5), bv varbit, bv9 varbit(9),
    u uuid, tv tsvector, rc refcursor, i inet, ci cidr, m macaddr, m8 macaddr8, ts txid_snapshot);
INSERT INTO texts VALUES
    (1, '', '', '', '', '', '', '', '', '""', '""', '$', '0', '00000', '', '', '00000000-0000-0000-0000-000000000000', '', '', '0.0.0.0/0', '::/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '1:1:'),
    (2, E'\t\n\r\\N\\.\b\f\v"', '\N', '\.', 'a  ', 'ä', repeat('é', 31), 'x', '\x00ff5c0a0d', '{"a" :  1, "a":2, "\u0041":"ü"}', '{"b": [1, {"c": null}], "a": 1.50, "n": 1e400}', 'strict $.a[*] ? (@.b > 1 && @ like_regex "x" flag "i")', '1', '10101', '1', '101', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
     '''a b'':1A,16383 ü:2B,3 x', 'cursor', '255.255.255.255/1', '10.0.0.0/8', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', '10:20:10,14,15'),
    (3, repeat('lang ', 100000), 'x', '12345', 'x', '12345', 'x', ' ', decode(repeat('00', 300000), 'hex'), ' [ ] ', '[]', 'lax $.**', NULL, NULL, repeat('10', 50001)::varbit, '111111111', '123e4567-e89b-12d3-a456-426614174000', NULL, NULL, 'fe80::1/10', '2001:db8::/32', '1:2:3:4:5:6', '01:02:03:04:05:06:07:08', NULL),
    (4, E'\U0001F418\u200b', NULL, NULL, NULL, NULL, NULL, NULL, 'null', 'null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE shapes (id int PRIMARY KEY, p point, l line, ls lseg, b box, pa path, po polygon, c circle, pa2 path, bs box[]);
INSERT INTO shapes VALUES
    (1, '(NaN,-0)', '{1,-1,0}', '[(0,0),(1e308,-1e308)]', '(0,0),(1,1)', '[(0,0),(1,1)]', '((0,0),(0,1),(1,0))', '<(0,0),0>', '((0,0),(1,1))', '{(1,1),(0,0);(2,2),(1,1)}'),
    (2, '(Infinity,0.1)', '{0,1,3}', '[(1,1),(1,1)]', '(1,1),(0,0)', '((1,2))', '((1.1,2.2))', '<(1,2),3.3>', NULL, '{}'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE lists (
    id int PRIMARY KEY, i int[], t text[], n numeric(5, 1)[], ts timestamptz[], by bytea[], j jsonb[], b bool[], v varchar(3)[], c char(3)[], u uuid[], bi bit(3)[], p point[], o oid[],
    d date[], f float8[], n0 name[], tv tsvector[], q "char"[], ii inet[]);
INSERT INTO lists VALUES
    (1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    (2, '[-2:-1][5:6]={{1,NULL},{3,4}}', ARRAY['NULL', NULL, '', '"', '\', '{,}', E'a\nb'], '{1.25,NaN}', '{infinity,NULL}', ARRAY['\x00'::bytea, NULL], ARRAY['{"a": [1]}'::jsonb], '{t,f,NULL}', '{abc,"",NULL}', '{abc,"",NULL}',
     '{00000000-0000-0000-0000-000000000000}', '{101,000}', '{"(1,2)","(3,4)"}', '{0,4294967295}', '{-infinity,2020-02-02}', '{NaN,-0,Infinity}', '{a,""}', ARRAY['''a b'':1'::tsvector], '{x,""}', '{::1,127.0.0.1/8}'),
    (3, '{{{1},{2}},{{3},{4}}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE ranges (id int PRIMARY KEY, i int4range, b int8range, n numrange, t tsrange, tz tstzrange, d daterange, ils int4range[], l tstzrange[]);
INSERT INTO ranges VALUES
    (1, 'empty', '(,)', '(-1.5,1.50]', '[-infinity,infinity]', '[,2020-01-01 00:00+00)', '[2020-01-01,2020-01-01]', '{empty,"[1,5)",NULL,"(,)"}', '{}'),
    (2, '[-2147483648,2147483647)', '[1,1]', '[NaN,)', '(4713-01-01 BC,)', 'empty', '(,infinity]', NULL, '{"[2020-01-01 00:00+00,infinity)"}');
-- tables of their own: pg_dump 14 and newer writes ranges so that older servers do not know them
CREATE TABLE made_ranges (id int PRIMARY KEY, f floatrange, m moodrange, ms moodrange[], p pairrange, ps pairrange[]);
INSERT INTO made_ranges VALUES
    (1, '[-0,NaN]', '[sad,ok]', '{}', 'empty', '{}'),
    (2, '(-Infinity,Infinity)', 'empty', '{"[sad,größer]",empty}', pairrange(ROW(1, 'a', 1, 'infinity', 'sad', '{}'), ROW(2, 'b', 2, NULL, NULL, NULL)), NULL);

CREATE TABLE made (id int PRIMARY KEY, m mood, p pair, d posint, dd deep_domain, s information_schema.cardinal_number, y information_schema.yes_or_no, e deep);
INSERT INTO made VALUES
    (1, 'größer', ROW(1, E'a,"(\\', 1.005, 'infinity', 'before ok', '{ok,NULL}'), 1, NULL, 0, 'YES', NULL),
    (2, NULL, ROW(NULL, NULL, NULL, NULL, NULL, NULL), NULL, ROW(ROW(2, '', 'NaN', '-infinity', 'sad', '{}'), ARRAY[ROW(3, 'x', 0, NULL, NULL, NULL), NULL]::pair[], 5, '{6,7}')::deep, NULL, 'NO', ROW(NULL, '{}', 1, NULL)),
    (3, 'O''Hara', NULL, 2147483647, NULL, NULL, NULL, NULL);
CREATE TABLE made_lists (id int PRIMARY KEY, ms mood[], ps pair[], ds posint[], pd posints, ss information_schema.sql_identifier[], t row_type, ts row_type[]);
INSERT INTO made_lists VALUES
    (1, '{}', '{}', '{}', '{}', '{}', ROW(1, '{}'), '{}'),
    (2, '[0:1]={größer,NULL}', ARRAY[ROW(1, 'x', 2, NULL, 'sad', NULL), NULL]::pair[], '{1,NULL}', '{1,2}', '{abc,""}',
     ROW(1, ARRAY[ROW(1, 'x', 2, NULL, 'sad', NULL)::pair, NULL]), ARRAY[ROW(1, '{}')::row_type, NULL]);
CREATE TABLE simple_rows (id int PRIMARY KEY, m mood, d posint);
INSERT INTO simple_rows VALUES (1, 'größer', 1), (2, NULL, NULL);

-- what has no business in binary
CREATE TABLE references_to (id int PRIMARY KEY, c regclass, p regproc, pp regprocedure, o regoper, oo regoperator, t regtype, n regnamespace, r regrole, cf regconfig, di regdictionary, cs regclass[]);
INSERT INTO references_to VALUES
    (1, 'kinds.numbers', 'now', 'abs(int)', '||/', '+(int,int)', 'kinds.mood', 'kinds', 'postgres', 'english', 'simple', '{kinds.times,NULL}'), (2, '0', '0', '0', '0', '0', '0', '0', NULL, '0', '0', '{}');
CREATE DOMAIN who AS regnamespace;
CREATE TYPE knows AS (a int, w who[]);
CREATE TABLE hidden_references (id int PRIMARY KEY, k knows[]);
INSERT INTO hidden_references VALUES (1, ARRAY[ROW(1, ARRAY['kinds'::who])::knows, NULL]);
-- an empty one has a binary form that no server takes
CREATE TABLE searches (id int PRIMARY KEY, q tsquery, l tsquery[]);
INSERT INTO searches VALUES (1, '!''a b'':*AB & ( c | d ) <3> e', '{}'), (2, '', NULL);
CREATE TABLE vectors (id int PRIMARY KEY, i int2vector);
INSERT INTO vectors VALUES (1, '1 -2 3'), (2, '');
CREATE TABLE oid_vectors (id int PRIMARY KEY, o oidvector, l oidvector[]);
INSERT INTO oid_vectors VALUES (1, '1 4294967295', '{}'), (2, '', '{""}');
CREATE TABLE access (id int PRIMARY KEY, a aclitem, l aclitem[]);
INSERT INTO access VALUES (1, 'postgres=r/postgres', '{=w/postgres}'), (2, NULL, NULL);
CREATE TABLE cash (id int PRIMARY KEY, m money, ms money[]);
INSERT INTO cash VALUES (1, '-92233720368547758.08', '{1,NULL,-2.5}'), (2, '92233720368547758.07', '{}');
CREATE TABLE documents (id int PRIMARY KEY, x xml, xs xml[]);
INSERT INTO documents VALUES (1, '<?xml version="1.0" standalone="yes"?><a>ü &lt;</a>', '{<b/>,text}'), (2, 'a<b/>c', NULL), (3, '', '{}');
CREATE TABLE signatures (id int PRIMARY KEY, g gtsvector);
INSERT INTO signatures VALUES (1, NULL);

DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 130000 THEN
        CREATE TABLE from13 (id int PRIMARY KEY, x xid8, s pg_snapshot);
        INSERT INTO from13 VALUES (1, '18446744073709551615', '10:20:10,14,15'), (2, '0', '1:1:');
        CREATE TABLE collations (id int PRIMARY KEY, c regcollation);
        INSERT INTO collations VALUES (1, '"C"');
    END IF;
    IF current_setting('server_version_num')::int >= 140000 THEN
        CREATE TABLE from14 (id int PRIMARY KEY, n numeric, i int4multirange, t tstzmultirange, d datemultirange[], m kinds.moodmultirange, f kinds.floatmultirange);
        INSERT INTO from14 VALUES
            (1, 'Infinity', '{}', '{[2020-01-01 00:00+00,infinity),(,1999-01-01 00:00+00)}', '{"{[2020-01-01,2020-01-02)}"}', '{[sad,ok]}', '{[-0,1],(2,Infinity]}'),
            (2, '-Infinity', '{(,1),[3,5]}', NULL, '{}', '{}', NULL);
    END IF;
    IF current_setting('server_version_num')::int >= 170000 THEN
        CREATE TABLE from17 (id int PRIMARY KEY, i interval);
        INSERT INTO from17 VALUES (1, 'infinity'), (2, '-infinity');
    END IF;
END $$;
