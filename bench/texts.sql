-- On top of orders.sql: texts with a full-text index that takes longer to build than all else together takes to copy. Its
-- table is the last one by name, and so in an archive.
SELECT setseed(0.25);
CREATE FUNCTION rows(n bigint) RETURNS SETOF bigint LANGUAGE sql
	AS 'SELECT generate_series(1, greatest(1, (n * current_setting(''bench.scale'')::numeric)::bigint))';
CREATE TABLE texts (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, words tsvector NOT NULL);
INSERT INTO texts
SELECT i, 1 + i % (SELECT max(id) FROM customers), (
	SELECT array_to_tsvector(array_agg(DISTINCT 'w' || (200000 * random() ^ 3)::integer)) FROM generate_series(1, 60 + (i % 5)::integer))
  FROM rows(220000) AS i;
CREATE INDEX ON texts USING gin (words);
DROP FUNCTION rows;
VACUUM (FREEZE, ANALYZE) texts;
