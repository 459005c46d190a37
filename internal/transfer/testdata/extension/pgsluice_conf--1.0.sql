\echo Use "CREATE EXTENSION pgsluice_conf" to load this file. \quit

-- The rows of region that the extension makes stay out of a dump (condition); those of setting are all the user's (no
-- condition). setting refers to region, and the key is there from the start: a copy must load region first.
CREATE TABLE region (
	code text PRIMARY KEY,
	name text NOT NULL,
	builtin boolean NOT NULL DEFAULT false
);
CREATE TABLE setting (
	id integer PRIMARY KEY,
	region text NOT NULL REFERENCES region (code),
	value text,
	twice integer GENERATED ALWAYS AS (id * 2) STORED
);
-- belongs to the extension and is no configuration table: its rows are never dumped
CREATE TABLE cache (id integer);
CREATE SEQUENCE numbers;
INSERT INTO region VALUES ('eu', 'Europe; the extension''s own', true), ('us', 'America', true);
INSERT INTO cache VALUES (1);
SELECT pg_catalog.pg_extension_config_dump('setting', '');
SELECT pg_catalog.pg_extension_config_dump('region', $$WHERE NOT builtin AND name <> 'it''s; x'$$);
SELECT pg_catalog.pg_extension_config_dump('numbers', '');
