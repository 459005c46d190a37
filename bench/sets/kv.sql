-- Two integers a row, 10 million rows at bench.scale 1: all is overhead of rows.
CREATE TABLE kv (k integer, v integer NOT NULL);
INSERT INTO kv SELECT i, (i * 2654435761 % 2147483647)::integer FROM rows(10000000) AS i;
ALTER TABLE kv ADD PRIMARY KEY (k);
