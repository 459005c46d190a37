-- Bytes that do not compress, in rows of 1 to 32 kB: about 400 MB at bench.scale 1, nearly all of it TOAST.
CREATE TABLE blobs (id bigint, name text NOT NULL, data bytea NOT NULL);
INSERT INTO blobs
SELECT i, 'blob ' || i, (SELECT string_agg(sha512((i * 1000 + j)::text::bytea), '') FROM generate_series(1, 16 + i * 37 % 496) AS j) FROM rows(23000) AS i;
ALTER TABLE blobs ADD PRIMARY KEY (id), ADD UNIQUE (name);
