-- One table with rows of ordinary size, filled until it is as large as bench.bytes; what is there stays.
SELECT setseed(0.5);
CREATE TABLE IF NOT EXISTS measurements (
	id bigint NOT NULL,
	taken timestamptz NOT NULL,
	sensor integer NOT NULL,
	reading numeric(12, 4),
	unit text NOT NULL,
	good boolean NOT NULL,
	tags jsonb,
	remark text
);
DO $$
DECLARE
	batch integer := least(100000, 1 + current_setting('bench.bytes')::bigint / 2000);
	n bigint := (SELECT coalesce(max(id), 0) FROM measurements);
BEGIN
	WHILE pg_table_size('measurements') < current_setting('bench.bytes')::bigint LOOP
		INSERT INTO measurements
		SELECT i, timestamptz '2024-01-01 00:00+00' + i * interval '1 second', (random() * 5000)::integer, (random() * 100000)::numeric(12, 4),
		       (ARRAY['K', 'hPa', 'm/s', '%'])[1 + i % 4], i % 97 <> 0,
		       CASE WHEN i % 5 = 0 THEN jsonb_build_object('batch', i / 1000, 'calibrated', i % 3 = 0) END,
		       CASE WHEN i % 3 <> 0 THEN repeat(md5(i::text) || ' ', 1 + (i % 6)::integer) END
		  FROM generate_series(n + 1, n + batch) AS i;
		n := n + batch;
	END LOOP;
END
$$;
VACUUM (FREEZE, ANALYZE) measurements;
