-- Functions, procedures, aggregates, operators and what is made of them, text search, languages, access methods.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

-- a language over plpgsql's own library, and the C functions behind it
CREATE FUNCTION code.ks_call_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION code.ks_inline_handler(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION code.ks_validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE "ks language" HANDLER code.ks_call_handler INLINE code.ks_inline_handler VALIDATOR code.ks_validator;
CREATE LANGUAGE ks_untrusted HANDLER code.ks_call_handler;
ALTER LANGUAGE "ks language" OWNER TO ks_owner;

-- functions
CREATE FUNCTION code.add_one(a integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 3 AS 'SELECT a + 1';
CREATE FUNCTION code.add_one(a text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT a || '1'$$;
CREATE FUNCTION code.atomic_sum(a integer, b integer DEFAULT 40 + 2, OUT total integer, OUT note text)
	LANGUAGE sql IMMUTABLE
	BEGIN ATOMIC
		SELECT a + b AS total, 'it''s; not the end' AS note;
	END;
CREATE FUNCTION code.short_body(a integer) RETURNS integer LANGUAGE sql RETURN a * code.add_one(a);
CREATE FUNCTION code.noisy(VARIADIC words text[]) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = code, "$user", "Odd ""Schema""; 100% \ 'quoted'", pg_temp
	SET work_mem = '3MB' SET "ks.setting" = 'it''s; a $$ value' SET TimeZone TO 'Asia/Kathmandu'
	AS $body$
BEGIN
	-- dollars, quotes and backslashes: $_$ ' " \ %s
	RETURN array_to_string(words, E'\\');
END;
$body$;
CREATE FUNCTION code.table_of(n integer) RETURNS TABLE (i integer, "odd name" text) LANGUAGE "ks language" ROWS 17 PARALLEL RESTRICTED AS $body$
BEGIN
	RETURN QUERY SELECT g, g::text FROM generate_series(1, n) g;
END;
$body$;
CREATE FUNCTION code.same(anyelement, anyarray DEFAULT NULL) RETURNS anyelement LANGUAGE sql CALLED ON NULL INPUT AS 'SELECT $1';
CREATE FUNCTION code.row_no() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number';
CREATE FUNCTION code.series(integer, integer) RETURNS SETOF integer LANGUAGE internal STRICT IMMUTABLE SUPPORT pg_catalog.generate_series_int4_support AS 'generate_series_int4';
CREATE FUNCTION code."odd ""name""; drop table x -- 
%\'"() RETURNS text LANGUAGE sql AS $$SELECT 'ü'$$;
CREATE FUNCTION code.wants_privilege(i integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN 'secret ' || i; END$$;
CREATE FUNCTION code.trigger_noop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN coalesce(NEW, OLD); END$$;
-- fires in post-data only; run during a copy it would change the rows or stop them
CREATE FUNCTION code.trigger_spoils() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trigger % fired on %', TG_NAME, TG_RELID::regclass; END$$;
ALTER FUNCTION code.add_one(integer) OWNER TO ks_owner;
ALTER FUNCTION code.noisy(text[]) OWNER TO "Role With Spaces";

-- procedures
CREATE PROCEDURE code.proc(IN a integer, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS $$BEGIN b := b || a; END$$;
CREATE PROCEDURE code.proc_out(OUT a integer) LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT 1; END;
ALTER PROCEDURE code.proc(integer, text) OWNER TO ks_owner;

-- aggregates: plain, parallel, moving, ordered-set, hypothetical, polymorphic, sorting
CREATE FUNCTION code.cat_state(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT coalesce($1 || ',', '') || $2$$;
CREATE AGGREGATE code.cat(text) (SFUNC = code.cat_state, STYPE = text, PARALLEL = safe);
CREATE AGGREGATE code.total(integer) (
	SFUNC = int4pl, STYPE = integer, SSPACE = 8, COMBINEFUNC = int4pl, INITCOND = '0', PARALLEL = safe,
	MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '0', MSSPACE = 8
);
CREATE AGGREGATE code.mean(integer) (
	SFUNC = int4_avg_accum, STYPE = bigint[], COMBINEFUNC = int4_avg_combine, FINALFUNC = int8_avg, FINALFUNC_MODIFY = read_only, INITCOND = '{0,0}',
	MSFUNC = int4_avg_accum, MINVFUNC = int4_avg_accum_inv, MSTYPE = bigint[], MFINALFUNC = int8_avg, MINITCOND = '{0,0}'
);
CREATE AGGREGATE code.least_of(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = OPERATOR(pg_catalog.<));
CREATE AGGREGATE code.in_order(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE code.rank_of(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE code.count_all(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
ALTER AGGREGATE code.cat(text) OWNER TO ks_owner;

-- operators, operator classes and families over types.int42
CREATE FUNCTION types.int42_lt(types.int42, types.int42) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION types.int42_le(types.int42, types.int42) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4le';
CREATE FUNCTION types.int42_eq(types.int42, types.int42) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION types.int42_ne(types.int42, types.int42) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION types.int42_ge(types.int42, types.int42) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
CREATE FUNCTION types.int42_gt(types.int42, types.int42) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION types.int42_cmp(types.int42, types.int42) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION types.int42_cmp_int(types.int42, integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION types.int42_eq_int(types.int42, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION types.int42_hash(types.int42) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashint4';
CREATE OPERATOR types.< (FUNCTION = types.int42_lt, LEFTARG = types.int42, RIGHTARG = types.int42, COMMUTATOR = OPERATOR(types.>), NEGATOR = OPERATOR(types.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR types.<= (FUNCTION = types.int42_le, LEFTARG = types.int42, RIGHTARG = types.int42, COMMUTATOR = OPERATOR(types.>=), NEGATOR = OPERATOR(types.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
CREATE OPERATOR types.= (FUNCTION = types.int42_eq, LEFTARG = types.int42, RIGHTARG = types.int42, COMMUTATOR = OPERATOR(types.=), NEGATOR = OPERATOR(types.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR types.<> (FUNCTION = types.int42_ne, LEFTARG = types.int42, RIGHTARG = types.int42, COMMUTATOR = OPERATOR(types.<>), NEGATOR = OPERATOR(types.=), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR types.>= (FUNCTION = types.int42_ge, LEFTARG = types.int42, RIGHTARG = types.int42, COMMUTATOR = OPERATOR(types.<=), NEGATOR = OPERATOR(types.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
CREATE OPERATOR types.> (FUNCTION = types.int42_gt, LEFTARG = types.int42, RIGHTARG = types.int42, COMMUTATOR = OPERATOR(types.<), NEGATOR = OPERATOR(types.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE OPERATOR types.= (FUNCTION = types.int42_eq_int, LEFTARG = types.int42, RIGHTARG = integer);
CREATE OPERATOR code.!!@#% (FUNCTION = code.add_one, RIGHTARG = integer);
ALTER OPERATOR code.!!@#% (NONE, integer) OWNER TO ks_owner;
CREATE OPERATOR FAMILY types.int42_family USING btree;
CREATE OPERATOR CLASS types.int42_ops DEFAULT FOR TYPE types.int42 USING btree FAMILY types.int42_family AS
	OPERATOR 1 types.<, OPERATOR 2 types.<=, OPERATOR 3 types.=, OPERATOR 4 types.>=, OPERATOR 5 types.>, FUNCTION 1 types.int42_cmp(types.int42, types.int42);
ALTER OPERATOR FAMILY types.int42_family USING btree ADD
	OPERATOR 3 types.= (types.int42, integer), FUNCTION 1 (types.int42, integer) types.int42_cmp_int(types.int42, integer);
CREATE OPERATOR CLASS types.int42_hash_ops DEFAULT FOR TYPE types.int42 USING hash AS OPERATOR 1 types.=, FUNCTION 1 types.int42_hash(types.int42);
-- for a type that has a default class already: with an ordering operator and a storage type
CREATE OPERATOR CLASS types.box_centre_ops FOR TYPE point USING gist AS
	OPERATOR 11 |>>(point, point), OPERATOR 15 <->(point, point) FOR ORDER BY pg_catalog.float_ops, STORAGE box,
	FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal), FUNCTION 3 gist_point_compress(internal),
	FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal),
	FUNCTION 8 (point, point) gist_point_distance(internal, point, smallint, oid, internal);
CREATE OPERATOR FAMILY types."lonely family" USING gin;
ALTER OPERATOR FAMILY types."lonely family" USING gin OWNER TO ks_owner;
ALTER OPERATOR CLASS types.int42_hash_ops USING hash OWNER TO ks_owner;

-- casts of all three methods and all three contexts, and a transform
CREATE FUNCTION types.int42_from_mood(types.mood) RETURNS types.int42 LANGUAGE sql IMMUTABLE AS $$SELECT '7'::types.int42$$;
CREATE CAST (types.mood AS types.int42) WITH FUNCTION types.int42_from_mood(types.mood);
CREATE CAST (types.int42 AS integer) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (types.point3 AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (timestamptz AS interval) WITH FUNCTION age(timestamptz) AS ASSIGNMENT;
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
CREATE FUNCTION code.transformed(integer) RETURNS integer TRANSFORM FOR TYPE integer LANGUAGE sql AS 'SELECT 1';

-- conversions
CREATE CONVERSION code.latin1_again FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION code.to_latin1 FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
ALTER CONVERSION code.latin1_again OWNER TO ks_owner;

-- text search
CREATE TEXT SEARCH PARSER code.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, HEADLINE = prsd_headline, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE code.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY code.dictionary (TEMPLATE = code.template, STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH DICTIONARY code."odd 'dictionary'" (TEMPLATE = pg_catalog.snowball, LANGUAGE = 'german');
CREATE TEXT SEARCH CONFIGURATION code.config (PARSER = code.parser);
ALTER TEXT SEARCH CONFIGURATION code.config ADD MAPPING FOR asciiword, word WITH code.dictionary, code."odd 'dictionary'";
ALTER TEXT SEARCH CONFIGURATION code.config ADD MAPPING FOR email, url WITH pg_catalog.simple;
ALTER TEXT SEARCH CONFIGURATION code.config OWNER TO ks_owner;
ALTER TEXT SEARCH DICTIONARY code.dictionary OWNER TO ks_owner;

-- access methods: tables and indexes of other files use them
CREATE ACCESS METHOD ks_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD ks_gist TYPE INDEX HANDLER gisthandler;
CREATE OPERATOR CLASS types.ks_box_ops DEFAULT FOR TYPE box USING ks_gist AS
	OPERATOR 1 <<, OPERATOR 3 &&, OPERATOR 5 >>, OPERATOR 7 @>, OPERATOR 8 <@,
	FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
	FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal);

COMMIT;
