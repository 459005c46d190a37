-- Event triggers, after everything else: the enabled ones end whoever creates or drops things in this database,
-- unless the session has SET ks.allow_ddl = 'on'. They are harmless only when a copy makes them last.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

CREATE FUNCTION code.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('ks.allow_ddl', true) IS DISTINCT FROM 'on' THEN
		RAISE EXCEPTION 'event trigger refuses % (%)', TG_TAG, TG_EVENT;
	END IF;
END
$$;
CREATE FUNCTION code.refuse_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT * FROM pg_catalog.pg_event_trigger_dropped_objects() WHERE NOT is_temporary AND schema_name IS DISTINCT FROM 'pg_temp' LOOP
		IF current_setting('ks.allow_ddl', true) IS DISTINCT FROM 'on' THEN
			RAISE EXCEPTION 'event trigger refuses to drop %', r.object_identity;
		END IF;
	END LOOP;
END
$$;
CREATE EVENT TRIGGER disabled_event ON ddl_command_end EXECUTE FUNCTION code.refuse_ddl();
ALTER EVENT TRIGGER disabled_event DISABLE;
CREATE EVENT TRIGGER replica_event ON ddl_command_start WHEN TAG IN ('CREATE INDEX', 'ALTER TABLE') EXECUTE FUNCTION code.refuse_ddl();
ALTER EVENT TRIGGER replica_event ENABLE REPLICA;
CREATE EVENT TRIGGER rewrite_event ON table_rewrite EXECUTE FUNCTION code.refuse_ddl();
ALTER EVENT TRIGGER rewrite_event ENABLE ALWAYS;
CREATE EVENT TRIGGER "ddl; ""event""" ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'CREATE INDEX', 'CREATE SCHEMA', 'DROP TABLE') EXECUTE FUNCTION code.refuse_ddl();
CREATE EVENT TRIGGER drop_event ON sql_drop EXECUTE FUNCTION code.refuse_drop();
COMMENT ON EVENT TRIGGER drop_event IS 'event trigger';

COMMIT;
