-- Every kind of identifier under one hostile name. The test puts in: for two braces around a kind, a quoted identifier
-- that begins with the kind; for quotes in braces a string with the name; for dollars in braces a function's body as a
-- string. Roles and the tablespace are there.
CREATE SCHEMA {{s}} AUTHORIZATION {{role}};
SET LOCAL search_path = {{s}};
SET LOCAL check_function_bodies = off;
COMMENT ON SCHEMA {{s}} IS {''};

CREATE TYPE {{enum}} AS ENUM ({'a'}, {'b'}, '', '\.', 'x''y');
CREATE TYPE {{composite}} AS ({{attribute}} {{enum}}, {{attribute2}} text COLLATE pg_catalog."C");
CREATE COLLATION {{collation}} FROM "C";
CREATE DOMAIN {{domain}} AS text COLLATE {{collation}} DEFAULT {''} CONSTRAINT {{dcheck}} CHECK (VALUE <> {'no'}) NOT NULL;
CREATE TYPE {{range}} AS RANGE (SUBTYPE = text, COLLATION = {{collation}}, MULTIRANGE_TYPE_NAME = {{multirange}});
CREATE TYPE {{shell}};
COMMENT ON TYPE {{enum}} IS {''};
COMMENT ON DOMAIN {{domain}} IS {''};
COMMENT ON CONSTRAINT {{dcheck}} ON DOMAIN {{domain}} IS {''};
COMMENT ON COLUMN {{composite}}.{{attribute}} IS {''};
COMMENT ON COLLATION {{collation}} IS {''};

CREATE FUNCTION {{function}}({{argument}} {{enum}} DEFAULT {'a'}, OUT {{out}} text, OUT {{out2}} text) LANGUAGE sql AS {$ SELECT {''}, $1::text $};
CREATE FUNCTION {{plain}}({{argument}} text) RETURNS text IMMUTABLE LANGUAGE plpgsql SET application_name = {''} SET search_path = {{s}}, pg_catalog AS {$ BEGIN RETURN {{argument}} || {''}; END $};
CREATE FUNCTION {{sqlbody}}({{argument}} int) RETURNS int IMMUTABLE LANGUAGE sql RETURN {{argument}} + 1;
CREATE PROCEDURE {{procedure}}({{argument}} {{composite}}) LANGUAGE sql AS {$ SELECT {''} $};
CREATE AGGREGATE {{aggregate}}(text) (SFUNC = textcat, STYPE = text, INITCOND = {''});
CREATE FUNCTION {{tg}}() RETURNS trigger LANGUAGE plpgsql AS {$ BEGIN RETURN NEW; END $};
CREATE FUNCTION {{etg}}() RETURNS event_trigger LANGUAGE plpgsql AS {$ BEGIN END $};
CREATE FUNCTION {{handler}}() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE LANGUAGE {{language}} HANDLER {{handler}};
CREATE FUNCTION {{inlanguage}}() RETURNS int LANGUAGE {{language}} AS {$ BEGIN RETURN 1; END $};
COMMENT ON FUNCTION {{function}}({{enum}}) IS {''};
COMMENT ON PROCEDURE {{procedure}}({{composite}}) IS {''};
COMMENT ON AGGREGATE {{aggregate}}(text) IS {''};
COMMENT ON LANGUAGE {{language}} IS {''};
CREATE FUNCTION {{cast}}({{composite}}) RETURNS int LANGUAGE sql AS {$ SELECT 1 $};
CREATE CAST ({{composite}} AS int) WITH FUNCTION {{cast}}({{composite}});
COMMENT ON CAST ({{composite}} AS int) IS {''};
CREATE FUNCTION {{opfunction}}({{composite}}, {{composite}}) RETURNS text LANGUAGE sql AS {$ SELECT {''} $};
CREATE OPERATOR %% (LEFTARG = {{composite}}, RIGHTARG = {{composite}}, FUNCTION = {{opfunction}});
COMMENT ON OPERATOR %% ({{composite}}, {{composite}}) IS {''};
CREATE OPERATOR FAMILY {{opfamily}} USING btree;
CREATE OPERATOR CLASS {{opclass}} FOR TYPE text USING btree FAMILY {{opfamily}} AS
	OPERATOR 1 ~<~, OPERATOR 2 ~<=~, OPERATOR 3 =, OPERATOR 4 ~>=~, OPERATOR 5 ~>~, FUNCTION 1 bttext_pattern_cmp(text, text);
COMMENT ON OPERATOR CLASS {{opclass}} USING btree IS {''};
COMMENT ON OPERATOR FAMILY {{opfamily}} USING btree IS {''};
CREATE ACCESS METHOD {{am}} TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD {{am}} IS {''};
CREATE TEXT SEARCH DICTIONARY {{dictionary}} (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH PARSER {{parser}} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE {{template}} (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH CONFIGURATION {{config}} (PARSER = {{parser}});
ALTER TEXT SEARCH CONFIGURATION {{config}} ADD MAPPING FOR asciiword WITH {{dictionary}};
COMMENT ON TEXT SEARCH CONFIGURATION {{config}} IS {''};
CREATE CONVERSION {{conversion}} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION {{conversion}} IS {''};

CREATE SEQUENCE {{sequence}} START 42;
SELECT nextval({'{sequence}'}::regclass);
COMMENT ON SEQUENCE {{sequence}} IS {''};
CREATE TABLE {{table}} (
	{{id}} int GENERATED ALWAYS AS IDENTITY CONSTRAINT {{pkey}} PRIMARY KEY,
	{{e}} {{enum}} DEFAULT {'a'}, {{d}} {{domain}}, {{c}} {{composite}}, {{r}} {{range}}, {{m}} {{multirange}}[],
	{{serial}} bigint DEFAULT nextval({'{sequence}'}::regclass), {{x}} text DEFAULT {''},
	{{generated}} text GENERATED ALWAYS AS ({{x}} || {''}) STORED,
	{{reg}} regclass DEFAULT {'{sequence}'}::regclass,
	CONSTRAINT {{check}} CHECK ({{x}} <> {'no'}), CONSTRAINT {{unique}} UNIQUE NULLS NOT DISTINCT ({{x}}, {{id}}) INCLUDE ({{e}})
) WITH (fillfactor = 90);
ALTER SEQUENCE {{sequence}} OWNED BY {{table}}.{{serial}};
COMMENT ON TABLE {{table}} IS {''};
COMMENT ON COLUMN {{table}}.{{id}} IS {''};
COMMENT ON CONSTRAINT {{check}} ON {{table}} IS {''};
ALTER TABLE {{table}} ALTER COLUMN {{x}} SET STORAGE EXTERNAL, ALTER COLUMN {{e}} SET STATISTICS 17, ALTER COLUMN {{e}} SET (n_distinct = 5);
CREATE TABLE {{other}} ({{fk}} int CONSTRAINT {{fkey}} REFERENCES {{table}}, {{text}} text, {{point}} point,
	CONSTRAINT {{exclude}} EXCLUDE USING gist (box({{point}}, {{point}}) WITH &&)) USING {{am}} TABLESPACE {{space}};
COMMENT ON CONSTRAINT {{fkey}} ON {{other}} IS {''};
CREATE UNLOGGED TABLE {{unlogged}} (LIKE {{table}} INCLUDING ALL EXCLUDING IDENTITY);
CREATE TABLE {{heir}} ({{more}} text) INHERITS ({{other}});
CREATE TABLE {{typed}} OF {{composite}} ({{attribute}} NOT NULL);
CREATE TABLE {{parted}} ({{e}} {{enum}}, {{text}} text) PARTITION BY HASH ({{e}});
CREATE TABLE {{part1}} PARTITION OF {{parted}} FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE {{part2}} PARTITION OF {{parted}} FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE {{listed}} ({{e}} text, {{text}} text) PARTITION BY LIST ({{e}});
CREATE TABLE {{list1}} PARTITION OF {{listed}} FOR VALUES IN ({''}, NULL);
CREATE TABLE {{list2}} PARTITION OF {{listed}} DEFAULT;
CREATE INDEX {{pindex}} ON {{listed}} ({{text}}, {{e}});
CREATE INDEX {{index}} ON {{table}} (lower({{x}}) {{opclass}}, ({{d}}::text || {''}) COLLATE {{collation}} text_pattern_ops DESC) TABLESPACE {{space}} WHERE {{x}} <> {''};
COMMENT ON INDEX {{index}} IS {''};
CREATE UNIQUE INDEX {{replident}} ON {{table}} ({{id}});
ALTER TABLE {{table}} REPLICA IDENTITY USING INDEX {{replident}};
ALTER TABLE {{table}} CLUSTER ON {{pkey}};
ALTER TABLE {{table}} ALTER COLUMN {{id}} SET STATISTICS 100;
CREATE STATISTICS {{statistics}} (dependencies, ndistinct) ON {{e}}, {{d}} FROM {{table}};
COMMENT ON STATISTICS {{statistics}} IS {''};

INSERT INTO {{table}} ({{e}}, {{d}}, {{c}}, {{r}}, {{m}}, {{x}})
	VALUES ({'a'}, {''}, ROW ({'b'}, {''}), {{range}}('a', 'b' || {''}), ARRAY[{{multirange}}({{range}}('a', 'b' || {''}))], {''}),
	('', '\.', NULL, 'empty', '{}', '\N'), (NULL, E'\\.\n', ROW (NULL, NULL), NULL, NULL, 'x');
INSERT INTO {{unlogged}} ({{id}}, {{d}}, {{x}}) VALUES (1, {''}, {''});
INSERT INTO {{other}} VALUES (1, {''}, '(1,1)'), (2, NULL, '(2,2)');
INSERT INTO {{heir}} VALUES (7, {''}, '(3,3)', {''});
INSERT INTO {{typed}} VALUES ({'a'}, {''});
INSERT INTO {{parted}} SELECT e, {''} FROM unnest(enum_range(NULL::{{enum}})) e, generate_series(1, 3);
INSERT INTO {{listed}} VALUES ({''}, {''}), (NULL, {''}), ('other', {''});

CREATE VIEW {{view}} AS SELECT {{e}} AS {{column}}, {''} AS {{column2}} FROM {{table}} WHERE {{x}} <> {''};
COMMENT ON VIEW {{view}} IS {''};
COMMENT ON COLUMN {{view}}.{{column}} IS {''};
ALTER VIEW {{view}} ALTER COLUMN {{column2}} SET DEFAULT {''};
CREATE MATERIALIZED VIEW {{matview}} AS SELECT {{column}}, {{column2}}, {{plain}}({{column2}}) AS {{column3}} FROM {{view}};
CREATE UNIQUE INDEX {{mindex}} ON {{matview}} ({{column}});
COMMENT ON MATERIALIZED VIEW {{matview}} IS {''};
CREATE RULE {{rule}} AS ON INSERT TO {{view}} DO INSTEAD INSERT INTO {{other}} ({{text}}) VALUES ({''});
COMMENT ON RULE {{rule}} ON {{view}} IS {''};
CREATE TRIGGER {{trigger}} BEFORE INSERT OR UPDATE OF {{x}} ON {{table}} FOR EACH ROW WHEN (NEW.{{x}} <> {''}) EXECUTE FUNCTION {{tg}}({''}, '');
COMMENT ON TRIGGER {{trigger}} ON {{table}} IS {''};
CREATE CONSTRAINT TRIGGER {{ctrigger}} AFTER INSERT ON {{table}} FROM {{other}} DEFERRABLE FOR EACH ROW EXECUTE FUNCTION {{tg}}();
ALTER TABLE {{table}} DISABLE TRIGGER {{trigger}};
ALTER TABLE {{other}} ENABLE ROW LEVEL SECURITY;
CREATE POLICY {{policy}} ON {{other}} TO {{role}} USING ({{text}} <> {''}) WITH CHECK ({{text}} <> {'no'});
COMMENT ON POLICY {{policy}} ON {{other}} IS {''};
CREATE EVENT TRIGGER {{etrigger}} ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION {{etg}}();
COMMENT ON EVENT TRIGGER {{etrigger}} IS {''};

CREATE FOREIGN DATA WRAPPER {{wrapper}} OPTIONS ({{option}} {''});
CREATE SERVER {{server}} TYPE {''} VERSION {''} FOREIGN DATA WRAPPER {{wrapper}} OPTIONS ({{option}} {''});
CREATE FOREIGN TABLE {{foreign}} ({{column}} int OPTIONS ({{option}} {''})) SERVER {{server}} OPTIONS ({{option}} {''});
CREATE USER MAPPING FOR {{role}} SERVER {{server}} OPTIONS ({{option}} {''});
COMMENT ON SERVER {{server}} IS {''};
CREATE PUBLICATION {{publication}} FOR TABLE {{table}} ({{id}}, {{x}}) WHERE ({{id}} > 0);
COMMENT ON PUBLICATION {{publication}} IS {''};
CREATE PUBLICATION {{publication2}} FOR TABLES IN SCHEMA {{s}};
CREATE SUBSCRIPTION {{subscription}} CONNECTION 'host=127.0.0.1 port=1' PUBLICATION {{publication}} WITH (connect = false, slot_name = NONE);

ALTER TABLE {{table}} OWNER TO {{role}};
ALTER FUNCTION {{function}}({{enum}}) OWNER TO {{role}};
ALTER TYPE {{composite}} OWNER TO {{role}};
GRANT SELECT, UPDATE ({{x}}) ON {{table}} TO {{role2}} WITH GRANT OPTION;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA {{s}} TO {{role2}};
GRANT USAGE ON TYPE {{enum}} TO {{role2}};
GRANT USAGE ON FOREIGN SERVER {{server}} TO {{role2}};
GRANT USAGE ON SCHEMA {{s}} TO {{role2}}, PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {{role}} IN SCHEMA {{s}} GRANT SELECT ON TABLES TO {{role2}};
SELECT lo_from_bytea(0, convert_to({''}, 'UTF8'));
