-- Partitioned tables of every kind, to several levels, with rows in each leaf.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';
SET LOCAL DateStyle = 'ISO, YMD';

-- list → range → hash, default partitions, partitions in another schema
CREATE TABLE part.sales (
	region text COLLATE "C" NOT NULL, day date NOT NULL, id integer NOT NULL, amount numeric DEFAULT 0, twice numeric GENERATED ALWAYS AS (amount * 2) STORED, note text,
	CONSTRAINT amount_sane CHECK (amount > -1000)
) PARTITION BY LIST (region);
CREATE TABLE part.sales_eu PARTITION OF part.sales (note DEFAULT 'eu', CONSTRAINT eu_id CHECK (id > 0)) FOR VALUES IN ('de', 'fr', 'it') PARTITION BY RANGE (day, id);
CREATE TABLE part.sales_eu_old PARTITION OF part.sales_eu FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2023-01-01', MINVALUE);
CREATE TABLE part.sales_eu_2023 PARTITION OF part.sales_eu FOR VALUES FROM ('2023-01-01', MINVALUE) TO ('2024-01-01', MINVALUE) PARTITION BY HASH (id);
CREATE TABLE part.sales_eu_2023_0 PARTITION OF part.sales_eu_2023 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part.sales_eu_2023_1 PARTITION OF part.sales_eu_2023 FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE shop.sales_eu_2023_3 PARTITION OF part.sales_eu_2023 FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE TABLE part.sales_eu_rest PARTITION OF part.sales_eu DEFAULT;
CREATE TABLE part.sales_us PARTITION OF part.sales FOR VALUES IN ('us', 'it''s; "odd" \') USING ks_heap WITH (fillfactor = 60);
CREATE TABLE part.sales_other PARTITION OF part.sales DEFAULT;
-- made on its own, attached later: other column order, dropped columns before and between
CREATE TABLE part.sales_late (gone integer, note text, id integer NOT NULL, twice numeric GENERATED ALWAYS AS (amount * 2) STORED, gone2 text,
	amount numeric, day date NOT NULL, region text COLLATE "C" NOT NULL, CONSTRAINT amount_sane CHECK (amount > -1000), CONSTRAINT late_only CHECK (note <> 'never'));
INSERT INTO part.sales_late (gone, note, id, gone2, amount, day, region) SELECT 1, 'before', 900000 + g, 'x', g, '2020-02-02', 'jp' FROM generate_series(1, 20) g;
ALTER TABLE part.sales_late DROP COLUMN gone, DROP COLUMN gone2;
ALTER TABLE part.sales ATTACH PARTITION part.sales_late FOR VALUES IN ('jp', NULL);
-- attached and detached again: an ordinary table
CREATE TABLE part.sales_detached PARTITION OF part.sales FOR VALUES IN ('detached');
INSERT INTO part.sales (region, day, id) VALUES ('detached', '2020-01-01', 1);
ALTER TABLE part.sales DETACH PARTITION part.sales_detached;
INSERT INTO part.sales (region, day, id, amount, note)
	SELECT (ARRAY['de', 'fr', 'it', 'us', 'it''s; "odd" \', 'jp', 'br'])[g % 7 + 1], date '2022-06-01' + (g % 900), g, g / 3.0, 'n' || g FROM generate_series(1, 3500) g;
ALTER TABLE part.sales_eu OWNER TO ks_owner;
ALTER TABLE part.sales_us OWNER TO "Role With Spaces";

-- by expressions, other operator classes, booleans, many columns; a partitioned table without partitions
CREATE TABLE part.by_expression (t text, b boolean) PARTITION BY LIST (lower(t) COLLATE "C");
CREATE TABLE part.by_expression_ab PARTITION OF part.by_expression FOR VALUES IN ('a', 'b') PARTITION BY LIST (b);
CREATE TABLE part.by_expression_ab_true PARTITION OF part.by_expression_ab FOR VALUES IN (true);
CREATE TABLE part.by_expression_ab_false PARTITION OF part.by_expression_ab FOR VALUES IN (false, NULL);
CREATE TABLE part.by_class (t text, i types.int42) PARTITION BY RANGE (t text_pattern_ops, i);
CREATE TABLE part.by_class_1 PARTITION OF part.by_class FOR VALUES FROM ('a', '0') TO ('m', MAXVALUE);
CREATE TABLE part.childless (a integer, b text DEFAULT 'x') PARTITION BY RANGE (a);
INSERT INTO part.by_expression VALUES ('A', true), ('b', false), ('B', NULL);
INSERT INTO part.by_class SELECT chr(97 + g % 12), g::text::types.int42 FROM generate_series(1, 60) g;

-- inheriting identity and serial columns
CREATE TABLE part.numbered (id serial, a integer, b text) PARTITION BY RANGE (a);
CREATE TABLE part.numbered_1 PARTITION OF part.numbered FOR VALUES FROM (0) TO (100);
CREATE TABLE part.numbered_2 PARTITION OF part.numbered (id DEFAULT 7) FOR VALUES FROM (100) TO (200);
INSERT INTO part.numbered (a, b) SELECT g, 'r' || g FROM generate_series(0, 199) g;

-- A hash of an enum depends on the OIDs of its labels, so pg_dump loads such leaves through the root. These rows
-- have no label at all: the other column alone places them, and every leaf holds the same rows in every copy.
-- extra/10-enum-moves.sql has rows that do move.
CREATE TABLE part.by_mood (mood types.mood, id integer, t text) PARTITION BY HASH (mood, id);
CREATE TABLE part.by_mood_0 PARTITION OF part.by_mood FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE part.by_mood_1 PARTITION OF part.by_mood FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE part.by_mood_2 PARTITION OF part.by_mood FOR VALUES WITH (MODULUS 4, REMAINDER 2) PARTITION BY RANGE (id);
CREATE TABLE part.by_mood_2_low PARTITION OF part.by_mood_2 FOR VALUES FROM (MINVALUE) TO (500);
CREATE TABLE part.by_mood_2_high PARTITION OF part.by_mood_2 FOR VALUES FROM (500) TO (MAXVALUE);
-- again another column order: what is read from the leaf must be named when it goes through the root
CREATE TABLE part.by_mood_3 (t text, gone integer, id integer, mood types.mood);
ALTER TABLE part.by_mood_3 DROP COLUMN gone;
ALTER TABLE part.by_mood ATTACH PARTITION part.by_mood_3 FOR VALUES WITH (MODULUS 4, REMAINDER 3);
INSERT INTO part.by_mood SELECT NULL, g, 'mood ' || g FROM generate_series(1, 1000) g;
-- one leaf for all: labels in the key, and nowhere else to go
CREATE TABLE part.by_mood_alone (mood types.mood, id integer) PARTITION BY HASH (mood);
CREATE TABLE part.by_mood_alone_0 PARTITION OF part.by_mood_alone FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO part.by_mood_alone SELECT (enum_range(NULL::types.mood))[g % 5 + 1], g FROM generate_series(1, 100) g;

-- a foreign partition, an unlogged one
CREATE TABLE part.mixed (id integer, t text) PARTITION BY RANGE (id);
CREATE TABLE part.mixed_local PARTITION OF part.mixed FOR VALUES FROM (0) TO (10);
CREATE UNLOGGED TABLE part.mixed_unlogged PARTITION OF part.mixed FOR VALUES FROM (10) TO (20);
CREATE FOREIGN TABLE part.mixed_foreign PARTITION OF part.mixed (t DEFAULT 'f') FOR VALUES FROM (20) TO (30) SERVER "dummy server" OPTIONS (note 'p');
INSERT INTO part.mixed SELECT g, 'm' || g FROM generate_series(0, 19) g;

COMMIT;
