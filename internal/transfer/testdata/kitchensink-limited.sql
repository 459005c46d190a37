-- The part of kitchensink/ that a role without any right but the ownership of the database can make: everything belongs to it.
-- One string for a simple-protocol Exec, in an empty database that ks_limited of roles.sql owns (PostgreSQL 15 and newer).
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';

-- trusted extensions: their objects belong to the superuser all the same
CREATE SCHEMA ext;
CREATE EXTENSION hstore WITH SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;
CREATE EXTENSION citext WITH SCHEMA public;
COMMENT ON EXTENSION hstore IS 'another comment than its own';

CREATE SCHEMA shop;
CREATE SCHEMA "Odd ""Schema""; 100% \ 'quoted'";
COMMENT ON SCHEMA shop IS 'schema''s; comment';

-- types, code
CREATE COLLATION shop.c_copy FROM "C";
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy', 'it''s "complicated"; -- \', '');
CREATE TYPE shop.point3 AS (x double precision, y double precision, z double precision);
CREATE DOMAIN shop.positive AS integer CONSTRAINT above_zero CHECK (VALUE > 0);
CREATE DOMAIN shop.late_rule AS text;
CREATE TYPE shop.floatrange AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = shop."many floats");
CREATE FUNCTION shop.add_one(a integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT a + 1';
CREATE FUNCTION shop.atomic_sum(a integer, b integer DEFAULT 42) RETURNS integer LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a + b; END;
CREATE FUNCTION shop.noisy(VARIADIC words text[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = shop, pg_temp AS $body$BEGIN RETURN array_to_string(words, E'\\ $$ '); END$body$;
CREATE FUNCTION shop.trigger_spoils() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trigger % fired on %', TG_NAME, TG_RELID::regclass; END$$;
CREATE PROCEDURE shop.proc(IN a integer, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS $$BEGIN b := b || a; END$$;
CREATE FUNCTION shop.cat_state(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT coalesce($1 || ',', '') || $2$$;
CREATE AGGREGATE shop.cat(text) (SFUNC = shop.cat_state, STYPE = text);
CREATE OPERATOR shop.!!@#% (FUNCTION = shop.add_one, RIGHTARG = integer);
CREATE FUNCTION shop.mood_number(shop.mood) RETURNS integer LANGUAGE sql IMMUTABLE AS $$SELECT 7$$;
CREATE CAST (shop.mood AS integer) WITH FUNCTION shop.mood_number(shop.mood) AS ASSIGNMENT;
CREATE CAST (shop.point3 AS text) WITH INOUT;
CREATE CONVERSION shop.latin1_again FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY shop.dictionary (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION shop.config (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION shop.config ALTER MAPPING FOR asciiword WITH shop.dictionary;

-- tables
CREATE TABLE shop.customer (
	id integer GENERATED ALWAYS AS IDENTITY (START WITH 1000 INCREMENT BY 5 MINVALUE 1000 CACHE 3),
	email public.citext NOT NULL, name text COLLATE "C", name_upper text GENERATED ALWAYS AS (upper(name)) STORED, referred_by integer, main_order bigint,
	tags text[] DEFAULT '{}'::text[] NOT NULL, extra ext.hstore, feeling shop.mood DEFAULT 'ok'
);
CREATE TABLE shop.orders (id bigserial, customer integer, placed timestamptz, amount numeric(12, 2), during tstzrange, note text);
INSERT INTO shop.customer (email, name, referred_by, tags, extra, feeling)
	SELECT 'user' || g || '@Example.org', 'Name ' || g, CASE WHEN g > 1 THEN 1000 + 5 * (g / 2 - 1) END, ARRAY['t' || g % 7, 'u' || g % 3], ext.hstore('k' || g % 5, 'v' || g), (ARRAY['sad', 'ok', 'happy'])[g % 3 + 1]::shop.mood
	FROM generate_series(1, 2000) g;
INSERT INTO shop.orders (customer, placed, amount, during, note)
	SELECT 1000 + 5 * (g % 2000), timestamptz '2024-01-01 00:00:00+00' + g * interval '37 minutes', g * 1.37,
		tstzrange(timestamptz '2024-01-01 00:00:00+00' + g * interval '1 day', timestamptz '2024-01-01 00:00:00+00' + g * interval '1 day' + interval '1 hour'),
		CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'tab\tnewline\nreturn\rback\\slash \\N \\.' END
	FROM generate_series(1, 3000) g;
UPDATE shop.customer SET main_order = (id - 1000) / 5 + 1 WHERE id % 3 = 0;
CREATE TABLE shop.no_columns ();
INSERT INTO shop.no_columns SELECT FROM generate_series(1, 7);
CREATE UNLOGGED TABLE shop.unlogged (id serial PRIMARY KEY, t text);
INSERT INTO shop.unlogged (t) SELECT 'unlogged ' || g FROM generate_series(1, 100) g;
CREATE TABLE shop.altered (gone text, a integer PRIMARY KEY, b text, gen integer GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO shop.altered (gone, a, b) SELECT 'x', g, 'b' || g FROM generate_series(1, 100) g;
ALTER TABLE shop.altered DROP COLUMN gone, ADD COLUMN late text DEFAULT 'added later';
CREATE TABLE shop.toasty (id integer PRIMARY KEY, external text, doc jsonb, raw bytea) WITH (fillfactor = 70, toast_tuple_target = 256);
ALTER TABLE shop.toasty ALTER COLUMN external SET STORAGE EXTERNAL, ALTER COLUMN doc SET STATISTICS 500, ALTER COLUMN id SET (n_distinct = -0.5);
INSERT INTO shop.toasty SELECT g, (SELECT string_agg(md5(g || ' ' || i), '') FROM generate_series(1, g * 60) i), jsonb_build_object('n', g), decode(repeat(md5(g::text), 100), 'hex') FROM generate_series(1, 20) g;
CREATE TABLE shop.points OF shop.point3 (x WITH OPTIONS NOT NULL);
INSERT INTO shop.points VALUES (1, 'NaN', '-Infinity'), (-0.0, 'Infinity', NULL);
CREATE TABLE shop.parent (a integer DEFAULT 1, b text DEFAULT 'p', CONSTRAINT a_positive CHECK (a > 0));
CREATE TABLE shop.child (c date, b text DEFAULT 'c') INHERITS (shop.parent);
INSERT INTO shop.parent VALUES (1, 'one');
INSERT INTO shop.child (a, c) SELECT g, date '2024-01-01' + g FROM generate_series(1, 10) g;
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"."""; drop table x --" ("""; drop table x --" serial PRIMARY KEY, "'" text DEFAULT ''';--', "\." text, "%s" text, "select" text);
INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"."""; drop table x --" ("\.", "%s") VALUES ('\.', '%s'), (E'\\.\n', '\N'), (NULL, E'\r\n'), ('🐘', 'ü');
CREATE TABLE shop."values" (id integer PRIMARY KEY, d date, ts timestamptz, i interval, n numeric, f double precision, b bytea, a integer[], r shop.floatrange, m shop."many floats", p shop.point3[], late shop.late_rule, cl regclass, j jsonb, v tsvector, net inet, bits varbit, pos shop.positive);
INSERT INTO shop."values" VALUES
	(1, 'infinity', '-infinity', '-178000000 years', 'NaN', 'NaN', '\x00ff5c0a', '[-2:0]={1,2,3}', '[1.5,NaN)', '{[1,2],(3,4)}', '{"(1,2,3)","(,,)"}', 'breaks the late rule', 'shop.orders', '{"a": [null, 1.10]}', '''it''''s'':1A', '::1/64', B'101', 1),
	(2, '4713-01-01 BC', '0044-03-15 00:00:00+00 BC', '1 year -2 mons +3 days -04:05:06.789', '-Infinity', '-0', '', '{}', 'empty', '{}', '{}', '', 'pg_catalog.pg_class', 'null', '', '10.0.0.1', B'', 2);
INSERT INTO shop."values" (id) VALUES (3);
CREATE TABLE shop.sales (region text COLLATE "C", day date, id integer, note text DEFAULT 'x') PARTITION BY LIST (region);
CREATE TABLE shop.sales_eu PARTITION OF shop.sales FOR VALUES IN ('de', 'fr') PARTITION BY RANGE (day);
CREATE TABLE shop.sales_eu_2023 PARTITION OF shop.sales_eu FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY HASH (id);
CREATE TABLE shop.sales_eu_2023_0 PARTITION OF shop.sales_eu_2023 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.sales_eu_2023_1 PARTITION OF shop.sales_eu_2023 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE shop.sales_eu_rest PARTITION OF shop.sales_eu DEFAULT;
CREATE TABLE shop.sales_late (gone integer, note text, id integer, day date, region text COLLATE "C");
ALTER TABLE shop.sales_late DROP COLUMN gone;
ALTER TABLE shop.sales ATTACH PARTITION shop.sales_late DEFAULT;
INSERT INTO shop.sales SELECT (ARRAY['de', 'fr', 'us'])[g % 3 + 1], date '2022-06-01' + (g % 900), g, 'n' || g FROM generate_series(1, 1500) g;
CREATE TABLE shop.by_mood (mood shop.mood, id integer) PARTITION BY HASH (mood, id);
CREATE TABLE shop.by_mood_0 PARTITION OF shop.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.by_mood_1 PARTITION OF shop.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO shop.by_mood SELECT NULL, g FROM generate_series(1, 300) g;
CREATE SEQUENCE shop.seq_down AS smallint INCREMENT BY -3 MINVALUE -30000 MAXVALUE 30 START WITH 30 CYCLE;
CREATE SEQUENCE shop.seq_not_called START WITH 50;
SELECT setval('shop.seq_down', -30000, true), setval('shop.seq_not_called', 77, false);
SELECT lo_create(900001), lo_from_bytea(900002, '\x00ff5c0a'), lo_from_bytea(900003, (SELECT decode(string_agg(md5(g::text), ''), 'hex') FROM generate_series(1, 6000) g));
COMMENT ON LARGE OBJECT 900002 IS 'a large object''s comment';
COMMIT;

BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';
-- constraints and indexes
ALTER TABLE shop.customer ADD CONSTRAINT "customer's key" PRIMARY KEY (id) INCLUDE (email);
ALTER TABLE shop.customer ADD CONSTRAINT customer_email UNIQUE (email) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.orders ADD PRIMARY KEY (id);
ALTER TABLE shop.orders ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);
ALTER TABLE shop.orders ADD CONSTRAINT amount_small CHECK (amount < 10) NOT VALID;
ALTER TABLE shop.sales ADD CONSTRAINT sales_key UNIQUE (region, day, id);
ALTER DOMAIN shop.late_rule ADD CONSTRAINT short CHECK (length(VALUE) < 5) NOT VALID;
ALTER TABLE shop.customer ADD CONSTRAINT customer_referred FOREIGN KEY (referred_by) REFERENCES shop.customer ON DELETE SET NULL;
ALTER TABLE shop.customer ADD CONSTRAINT customer_main_order FOREIGN KEY (main_order) REFERENCES shop.orders DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES shop.customer;
ALTER TABLE shop.sales ADD COLUMN customer integer DEFAULT 1000;
ALTER TABLE shop.sales ADD CONSTRAINT sales_customer FOREIGN KEY (customer) REFERENCES shop.customer;
CREATE INDEX customer_name ON shop.customer (name text_pattern_ops DESC NULLS LAST, (lower(email::text))) INCLUDE (feeling) WHERE id > 5;
CREATE INDEX customer_tags ON shop.customer USING gin (tags, extra);
CREATE INDEX customer_trgm ON shop.customer USING gist (name ext.gist_trgm_ops (siglen = 32));
CREATE INDEX orders_brin ON shop.orders USING brin (placed) WITH (pages_per_range = 4);
CREATE INDEX orders_expression ON shop.orders USING hash (shop.add_one(customer));
CREATE INDEX sales_late_note ON shop.sales_late (note) WITH (fillfactor = 33);
CREATE INDEX sales_note ON shop.sales (note);
CREATE STATISTICS shop.orders_all ON customer, amount, (lower(note)) FROM shop.orders;
ALTER TABLE shop.orders CLUSTER ON orders_pkey;
ALTER TABLE shop.toasty REPLICA IDENTITY FULL;
COMMENT ON CONSTRAINT amount_small ON shop.orders IS 'check, not valid';
COMMENT ON INDEX shop.customer_name IS 'index';
-- views, rules, triggers, policies, publications
CREATE VIEW shop.plain_view WITH (security_barrier = true) AS SELECT id, email, name FROM shop.customer WHERE feeling = 'ok' WITH LOCAL CHECK OPTION;
CREATE VIEW shop.circle_a AS SELECT 1 AS x, 'a'::text AS y;
CREATE VIEW shop.circle_b AS SELECT x, y FROM shop.circle_a;
CREATE OR REPLACE VIEW shop.circle_a AS SELECT x, y FROM shop.circle_b;
CREATE VIEW shop.by_key AS SELECT c.id, c.name, count(o.id) AS orders FROM shop.customer c LEFT JOIN shop.orders o ON o.customer = c.id GROUP BY c.id;
CREATE MATERIALIZED VIEW shop.by_key_stored AS SELECT id, name, orders FROM shop.by_key WHERE id % 10 = 0;
CREATE MATERIALIZED VIEW shop.grouped AS SELECT o.id, o.note, count(*) AS n FROM shop.orders o GROUP BY o.id;
CREATE UNIQUE INDEX grouped_id ON shop.grouped (id);
CREATE MATERIALIZED VIEW shop.mat_empty AS SELECT * FROM shop.orders WITH NO DATA;
CREATE MATERIALIZED VIEW shop.a_reads_grouped AS SELECT sum(n) AS total, (SELECT count(*) FROM shop.by_key_stored) AS stored FROM shop.grouped;
CREATE RULE insert_plain AS ON INSERT TO shop.plain_view DO INSTEAD NOTHING;
CREATE RULE disabled_rule AS ON DELETE TO shop.parent DO INSTEAD NOTHING;
ALTER TABLE shop.parent DISABLE RULE disabled_rule;
CREATE TRIGGER spoils BEFORE INSERT ON shop.toasty FOR EACH ROW EXECUTE FUNCTION shop.trigger_spoils('it''s; \');
CREATE TRIGGER spoils_always AFTER INSERT OR TRUNCATE ON shop.unlogged FOR EACH STATEMENT EXECUTE FUNCTION shop.trigger_spoils();
CREATE TRIGGER on_parent AFTER INSERT ON shop.sales FOR EACH ROW EXECUTE FUNCTION shop.trigger_spoils();
CREATE TRIGGER disabled_one AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.trigger_spoils();
ALTER TABLE shop.orders DISABLE TRIGGER disabled_one;
ALTER TABLE shop.unlogged ENABLE ALWAYS TRIGGER spoils_always;
CREATE POLICY own_rows ON shop.customer USING (email = current_user::public.citext);
-- not forced: the owner reads its rows, and pg_dump run by the owner does not fail
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE PUBLICATION ks_limited FOR TABLE shop.customer (id, email), shop.orders WHERE (id > 5) WITH (publish = 'insert');
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT ON shop.orders TO PUBLIC;
DO $database$
DECLARE
	db text := current_database();
BEGIN
	EXECUTE format('ALTER DATABASE %I SET search_path = shop, public', db);
	EXECUTE format('ALTER DATABASE %I SET application_name = %L', db, 'it''s; a DATABASE kitchen');
	EXECUTE format('ALTER DATABASE %I SET "DateStyle" = %L', db, 'SQL, DMY');
	EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -3', db);
	EXECUTE format('COMMENT ON DATABASE %I IS %L', db, 'the database''s; comment');
END
$database$;
COMMIT;
