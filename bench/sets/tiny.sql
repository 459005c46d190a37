-- 2,000 tables of ten rows at bench.scale 1: all is overhead of tables.
SELECT format('CREATE TABLE tiny_%s (id integer PRIMARY KEY, name text NOT NULL, at timestamptz); INSERT INTO tiny_%1$s SELECT j, %L || j, timestamptz ''2025-01-01 00:00+00'' + j * interval ''1 day'' FROM generate_series(1, 10) AS j',
       lpad(i::text, 5, '0'), 'row ' || i || '.') FROM rows(2000) AS i \gexec
