-- Rows that lie in other leaves in every copy: the hash of an enum is the hash of its labels' OIDs. Compare such a table by
-- its root; a comparison leaf by leaf finds differences: leaves-that-differ.txt has the pattern of their names.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL ks.allow_ddl = 'on';

CREATE SCHEMA moves;
CREATE TYPE moves.colour AS ENUM ('red', 'green', 'blue', 'cyan', 'magenta', 'yellow', 'black', 'white', 'grey', 'brown', 'pink', 'orange');
CREATE TABLE moves.by_colour (colour moves.colour, id integer, t text) PARTITION BY HASH (colour);
CREATE TABLE moves.by_colour_0 PARTITION OF moves.by_colour FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE moves.by_colour_1 PARTITION OF moves.by_colour FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE moves.by_colour_2 PARTITION OF moves.by_colour FOR VALUES WITH (MODULUS 3, REMAINDER 2) PARTITION BY LIST ((id % 2));
CREATE TABLE moves.by_colour_2_even PARTITION OF moves.by_colour_2 FOR VALUES IN (0);
CREATE TABLE moves.by_colour_2_odd PARTITION OF moves.by_colour_2 FOR VALUES IN (1);
INSERT INTO moves.by_colour SELECT (enum_range(NULL::moves.colour))[g % 12 + 1], g, 'colour ' || g FROM generate_series(1, 1200) g;

COMMIT;
