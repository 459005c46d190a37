-- The cluster-wide roles that kitchensink/ and kitchensink-limited.sql name as owners, grantees and grantors.
-- Run it as a superuser on both servers before either is built. It can run again, also at the same time in
-- another database of the cluster: two sessions that create one role, or one membership, both go on.
DO $roles$
DECLARE
	r text;
	m text[];
BEGIN
	FOREACH r IN ARRAY ARRAY['ks_owner', 'ks_reader', 'ks_writer', 'ks_grantor', 'ks_group', 'ks_limited', 'Role With Spaces', 'ks"quote''role'] LOOP
		BEGIN
			EXECUTE format('CREATE ROLE %I NOLOGIN', r);
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL;
		END;
	END LOOP;
	-- the only one that logs in: it owns the database that kitchensink-limited.sql fills
	IF NOT (SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = 'ks_limited') THEN
		BEGIN
			ALTER ROLE ks_limited LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD 'ks_limited';
		EXCEPTION WHEN internal_error THEN -- tuple concurrently updated: the other session did the same
			NULL;
		END;
	END IF;
	FOREACH m SLICE 1 IN ARRAY ARRAY[['ks_group', 'ks_owner'], ['ks_group', 'Role With Spaces']] LOOP
		IF NOT EXISTS (
			SELECT FROM pg_catalog.pg_auth_members a
			WHERE a.roleid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = m[1])
			  AND a.member = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = m[2])
		) THEN
			BEGIN
				EXECUTE format('GRANT %I TO %I', m[1], m[2]);
			EXCEPTION WHEN unique_violation OR internal_error THEN
				NULL;
			END;
		END IF;
	END LOOP;
END
$roles$;
