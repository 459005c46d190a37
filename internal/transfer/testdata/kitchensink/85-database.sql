-- The database itself: settings that would spoil a session which doesn't set its own, privileges, comment, connection limit.
-- Settings act on sessions that begin later. Each value of a format the copy must not depend on.
DO $database$
DECLARE
	db text := current_database();
BEGIN
	EXECUTE format($f$ALTER DATABASE %I SET search_path = shop, "Odd ""Schema""; 100%% \ 'quoted'", public$f$, db);
	EXECUTE format('ALTER DATABASE %I SET work_mem = %L', db, '7MB');
	EXECUTE format('ALTER DATABASE %I SET "ks.custom" = %L', db, 'it''s; a DATABASE kitchen');
	EXECUTE format('ALTER DATABASE %I SET "ks.empty" = %L', db, '');
	EXECUTE format('ALTER DATABASE %I SET "DateStyle" = %L', db, 'SQL, DMY');
	EXECUTE format('ALTER DATABASE %I SET "IntervalStyle" = sql_standard', db);
	EXECUTE format('ALTER DATABASE %I SET "TimeZone" = %L', db, 'Asia/Kathmandu');
	EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -3', db);
	EXECUTE format('ALTER DATABASE %I SET bytea_output = escape', db);
	EXECUTE format('ALTER DATABASE %I SET xmloption = document', db);
	EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', db, '9min');
	EXECUTE format('ALTER DATABASE %I SET lock_timeout = %L', db, '8min');
	EXECUTE format('ALTER DATABASE %I SET row_security = on', db);
	EXECUTE format('ALTER ROLE ks_owner IN DATABASE %I SET search_path = code', db);
	EXECUTE format('ALTER ROLE "Role With Spaces" IN DATABASE %I SET "ks.custom" = %L', db, 'a role''s; "value" \ 100%');
	EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 55', db);
	EXECUTE format('COMMENT ON DATABASE %I IS %L', db, E'the database''s; comment\nDATABASE ' || db);
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', db); -- and granted again: the list then has pg_dump's order
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO PUBLIC', db);
	EXECUTE format('GRANT CREATE ON DATABASE %I TO ks_owner WITH GRANT OPTION', db);
	EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO "Role With Spaces"', db);
END
$database$;
