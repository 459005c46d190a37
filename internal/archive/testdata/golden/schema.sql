-- The database behind the golden archives: small, with one of nearly everything that a TOC can hold.
-- For a superuser, in an empty database named "golden DB"; README.md says how the archives are made.
CREATE ROLE "golden owner";
CREATE ROLE golden_reader;
CREATE ROLE "golden DB";
ALTER DATABASE "golden DB" SET search_path TO "odd schema", public;
ALTER DATABASE "golden DB" SET application_name TO 'it''s ALTER DATABASE "golden DB" \ here';
ALTER DATABASE "golden DB" CONNECTION LIMIT 50;
ALTER ROLE "golden DB" IN DATABASE "golden DB" SET work_mem TO '8MB';
COMMENT ON DATABASE "golden DB" IS 'comment on database "golden DB"; not src';
REVOKE ALL ON DATABASE "golden DB" FROM PUBLIC;
GRANT CONNECT ON DATABASE "golden DB" TO golden_reader WITH GRANT OPTION;
SET SESSION AUTHORIZATION golden_reader;
GRANT CONNECT ON DATABASE "golden DB" TO "golden DB";
RESET SESSION AUTHORIZATION;
GRANT TEMPORARY ON DATABASE "golden DB" TO "golden DB";

CREATE SCHEMA "odd schema" AUTHORIZATION "golden owner";
COMMENT ON SCHEMA "odd schema" IS E'two\nlines and a \\';
CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok', 'happy; very');
CREATE DOMAIN public.positive AS integer CHECK (VALUE > 0);
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;

CREATE TABLE public.orders (
	id integer PRIMARY KEY,
	at date NOT NULL DEFAULT '2024-01-01',
	mood public.mood,
	"select" text,
	doubled integer GENERATED ALWAYS AS (id * 2) STORED,
	note text DEFAULT 'a;b'
);
ALTER TABLE public.orders OWNER TO "golden owner";
GRANT SELECT ON public.orders TO golden_reader;
GRANT UPDATE (note) ON public.orders TO golden_reader;
COMMENT ON COLUMN public.orders."select" IS 'a keyword';
INSERT INTO public.orders VALUES (1, '2024-02-01', 'sad', E'tab\there', DEFAULT, NULL), (2, '2024-03-01', NULL, '', DEFAULT, '\.');
CREATE INDEX orders_at ON public.orders (at) WHERE note <> ';';
CREATE TABLE public.lines (order_id integer REFERENCES public.orders, n serial, PRIMARY KEY (order_id, n)) USING heap2;
CREATE TABLE "odd schema"."Tab""le; $$" ("b c" integer, "é" text, begin integer);
CREATE TABLE "odd schema".nothing ();
CREATE UNLOGGED TABLE "odd schema"."two
lines" (a integer);

CREATE TABLE public.events (at date, kind text) PARTITION BY RANGE (at);
CREATE TABLE public.events_2024 PARTITION OF public.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') USING heap2;
CREATE TABLE public.events_rest PARTITION OF public.events DEFAULT;
CREATE INDEX events_kind ON public.events (kind);
INSERT INTO public.events VALUES ('2024-05-05', 'x'), ('2030-01-01', 'y');
CREATE TABLE public.by_mood (m public.mood) PARTITION BY HASH (m);
CREATE TABLE public.by_mood_0 PARTITION OF public.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.by_mood_1 PARTITION OF public.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO public.by_mood VALUES ('sad'), ('happy; very');

CREATE FUNCTION public.quoted() RETURNS text LANGUAGE plpgsql AS $body$
BEGIN
	RETURN $_$; $$ ;$_$; -- a comment; with ' and "
END;
$body$;
CREATE FUNCTION public.standard(a integer) RETURNS TABLE (k integer) LANGUAGE sql
BEGIN ATOMIC
	SELECT CASE WHEN a > 1 THEN (CASE a WHEN 2 THEN 3 END) ELSE 0 END;
	SELECT t.begin AS "end" FROM "odd schema"."Tab""le; $$" t WHERE t."b c" = a;
END;
CREATE FUNCTION public.begin() RETURNS integer LANGUAGE sql RETURN 1;
CREATE PROCEDURE public.add(INOUT a integer) LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO "odd schema"."two
lines" VALUES (a);
	SELECT a + 1;
END;
COMMENT ON FUNCTION public.standard(integer) IS 'BEGIN ATOMIC; END;';

CREATE VIEW public.recent AS SELECT id, note FROM public.orders WHERE at > '2024-01-01';
CREATE RULE recent_insert AS ON INSERT TO public.recent DO INSTEAD
	(INSERT INTO public.orders (id, note) VALUES (NEW.id, ';'); DELETE FROM public.lines WHERE order_id = NEW.id);
CREATE MATERIALIZED VIEW public.counts AS SELECT mood, count(*) AS n FROM public.orders GROUP BY mood;
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note := 'x'; RETURN NEW; END$$;
CREATE TRIGGER touch BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.orders FOR SELECT TO golden_reader USING (id > 0);
CREATE STATISTICS public.pair (dependencies) ON at, note FROM public.orders;
CREATE PUBLICATION pub FOR TABLE public.orders;
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watch();
ALTER EVENT TRIGGER watch DISABLE;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO golden_reader;

SELECT lo_from_bytea(900001, 'first'), lo_from_bytea(900002, 'second'), lo_from_bytea(900003, '');
GRANT SELECT ON LARGE OBJECT 900001, 900002 TO golden_reader;
ALTER LARGE OBJECT 900003 OWNER TO "golden owner";
COMMENT ON LARGE OBJECT 900001 IS 'a large object';
