-- Extensions of contrib, one of the tests' own, foreign data.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

CREATE SCHEMA "ext schema";
CREATE EXTENSION hstore WITH SCHEMA "ext schema";
CREATE EXTENSION pg_trgm WITH SCHEMA "ext schema";
CREATE EXTENSION citext WITH SCHEMA public;
CREATE EXTENSION postgres_fdw WITH SCHEMA "ext schema";
-- testdata/extension: has tables whose rows belong to the dump; see README.md there for how a server gets it
DO $conf$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pgsluice_conf') THEN
		CREATE EXTENSION pgsluice_conf;
		-- beside the rows that CREATE EXTENSION itself makes
		INSERT INTO pgsluice_conf.region (code, name, builtin) SELECT 'u' || g, 'user region ' || g, false FROM generate_series(1, 50) g;
		INSERT INTO pgsluice_conf.setting (id, region, value) SELECT g, 'u' || (g % 50 + 1), 'value; ' || g FROM generate_series(1, 300) g;
		INSERT INTO pgsluice_conf.setting (id, region, value) VALUES (1000, 'eu', 'refers to a row of the extension''s own');
		PERFORM setval('pgsluice_conf.numbers', 4711);
	END IF;
END
$conf$;

-- a wrapper without a handler: objects can be made on it, nothing can be read through it
CREATE FOREIGN DATA WRAPPER dummy OPTIONS (note 'it''s; a wrapper');
CREATE FOREIGN DATA WRAPPER checked VALIDATOR postgresql_fdw_validator;
CREATE SERVER "dummy server" TYPE 'a type' VERSION '1.0; beta' FOREIGN DATA WRAPPER dummy OPTIONS (host 'nowhere.invalid', "odd key" 'odd \ ''value''');
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'far away');
ALTER SERVER far OWNER TO ks_owner;
CREATE USER MAPPING FOR PUBLIC SERVER "dummy server";
CREATE USER MAPPING FOR "Role With Spaces" SERVER "dummy server" OPTIONS ("user" 'x', password 'mapping''s secret');
CREATE USER MAPPING FOR ks_owner SERVER far OPTIONS ("user" 'far_user', password 'far secret');

COMMIT;
