-- Schemas and types. Every file of this directory is one string for a simple-protocol Exec by a superuser: in name order, in an
-- empty database of encoding UTF8 on PostgreSQL 15 or newer, after roles.sql. It runs once in a database.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

CREATE SCHEMA types;
CREATE SCHEMA code AUTHORIZATION ks_owner;
CREATE SCHEMA shop AUTHORIZATION ks_owner;
CREATE SCHEMA part;
CREATE SCHEMA "Odd ""Schema""; 100% \ 'quoted'" AUTHORIZATION "Role With Spaces";
CREATE SCHEMA empty_schema;
-- pg_dump writes schema public only when its owner, comment or privileges are not the initial ones
ALTER SCHEMA public OWNER TO ks_owner;

-- collations come first: a range type and columns use them
CREATE COLLATION types.c_copy FROM "C";
CREATE COLLATION types.posix_libc (PROVIDER = libc, LOCALE = 'C');
ALTER COLLATION types.posix_libc OWNER TO ks_owner;
DO $icu$
BEGIN
	CREATE COLLATION types.icu_phonebook (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
	CREATE COLLATION types.icu_ignore_case (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
EXCEPTION WHEN feature_not_supported THEN
	NULL; -- a server built without ICU
END
$icu$;

-- enums
CREATE TYPE types.mood AS ENUM ('sad', 'ok', 'happy', 'it''s "complicated"; -- \', '');
CREATE TYPE types.empty_enum AS ENUM ();
ALTER TYPE types.mood OWNER TO ks_owner;
-- added out of order: the sort order is not the order of the OIDs
CREATE TYPE types.grade AS ENUM ('b', 'd');
ALTER TYPE types.grade ADD VALUE 'a' BEFORE 'b';
ALTER TYPE types.grade ADD VALUE 'c' AFTER 'b';

-- composites
CREATE TYPE types.point3 AS (x double precision, y double precision, z double precision);
CREATE TYPE types.nothing AS ();
CREATE TYPE types.dropped_attribute AS (a integer, b text, c types.point3);
ALTER TYPE types.dropped_attribute DROP ATTRIBUTE b;
CREATE TYPE types.nested AS (id integer, corners types.point3[], name text COLLATE types.c_copy, feeling types.mood);
CREATE TYPE types.person AS (id integer, name text, born date);

-- domains, with several constraints; the one that is not valid is written apart, as CHECK CONSTRAINT
CREATE DOMAIN types.positive AS integer CONSTRAINT above_zero CHECK (VALUE > 0) CONSTRAINT "below a million" CHECK (VALUE < 1000000);
CREATE DOMAIN types.positive_even AS types.positive DEFAULT 2 NOT NULL CHECK (VALUE % 2 = 0);
CREATE DOMAIN types.short_words AS varchar(12)[] COLLATE "C" CHECK (array_length(VALUE, 1) <= 4);
CREATE DOMAIN types.late_rule AS text;
CREATE DOMAIN types.place AS types.point3 CHECK ((VALUE).x >= 0);

-- base types over built-in functions, so that no library is needed
CREATE TYPE types.int42;
CREATE FUNCTION types.int42_in(cstring) RETURNS types.int42 LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4in';
CREATE FUNCTION types.int42_out(types.int42) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4out';
CREATE FUNCTION types.int42_recv(internal) RETURNS types.int42 LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4recv';
CREATE FUNCTION types.int42_send(types.int42) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4send';
CREATE TYPE types.int42 (
	INPUT = types.int42_in, OUTPUT = types.int42_out, RECEIVE = types.int42_recv, SEND = types.int42_send,
	INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, STORAGE = plain, DEFAULT = '42', CATEGORY = 'N', DELIMITER = ';'
);
CREATE TYPE types.label;
CREATE FUNCTION types.label_in(cstring, oid, integer) RETURNS types.label LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION types.label_out(types.label) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION types.label_typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION types.label_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
-- no send and receive functions: such a column can't travel in binary
CREATE TYPE types.label (
	INPUT = types.label_in, OUTPUT = types.label_out, TYPMOD_IN = types.label_typmod_in, TYPMOD_OUT = types.label_typmod_out,
	INTERNALLENGTH = VARIABLE, STORAGE = extended, COLLATABLE = true, CATEGORY = 'S', PREFERRED = false
);
CREATE TYPE types.like_point;
CREATE FUNCTION types.like_point_in(cstring) RETURNS types.like_point LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION types.like_point_out(types.like_point) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE TYPE types.like_point (INPUT = types.like_point_in, OUTPUT = types.like_point_out, LIKE = point);
-- declared and never finished
CREATE TYPE types.unfinished;

-- ranges: with names of their own, a difference function, a collation, and a canonical function (which makes a shell type)
CREATE FUNCTION types.float_gap(double precision, double precision) RETURNS double precision LANGUAGE internal IMMUTABLE STRICT AS 'float8mi';
CREATE TYPE types.floatrange AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = types.float_gap, MULTIRANGE_TYPE_NAME = types."many floats");
CREATE TYPE types.textrange AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = pg_catalog.text_pattern_ops, COLLATION = types.c_copy);
CREATE TYPE types.steps;
CREATE FUNCTION types.steps_canonical(types.steps) RETURNS types.steps LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE types.steps AS RANGE (SUBTYPE = integer, CANONICAL = types.steps_canonical, SUBTYPE_DIFF = int4range_subdiff);
ALTER TYPE types.steps OWNER TO ks_owner;

COMMIT;
