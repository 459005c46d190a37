-- 96 columns of which a row has about nine, 1.8 million rows at bench.scale 1.
SELECT 'CREATE TABLE wide (id bigint, ' || string_agg(format('%s_%s %s', (ARRAY['n', 't', 'd', 'm'])[1 + c % 4], c,
       (ARRAY['integer', 'text', 'timestamptz', 'numeric(12, 2)'])[1 + c % 4]), ', ' ORDER BY c) || ')' FROM generate_series(1, 96) AS c \gexec
SELECT 'INSERT INTO wide SELECT i, ' || string_agg(format('CASE WHEN i * %s %% 97 < 9 THEN %s END', 2 * c + 1,
       (ARRAY['(i % 1000000)::integer', 'words(i, 5 + i % 20)', 'timestamptz ''2025-01-01 00:00+00'' + i * interval ''1 second''', 'i % 10000 / 7.0'])[1 + c % 4]), ', ' ORDER BY c)
       || ' FROM rows(1800000) AS i' FROM generate_series(1, 96) AS c \gexec
ALTER TABLE wide ADD PRIMARY KEY (id);
CREATE INDEX ON wide (n_4) WHERE n_4 IS NOT NULL;
