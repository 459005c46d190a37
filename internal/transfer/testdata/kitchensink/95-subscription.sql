-- A subscription that never connects. DROP DATABASE is refused while it is there: let the database go with its cluster, or run
-- SET ks.allow_ddl = 'on' (see 90-event-triggers.sql), ALTER SUBSCRIPTION … SET (slot_name = NONE) and DROP SUBSCRIPTION before.
BEGIN;
SET LOCAL client_min_messages = error;
CREATE SUBSCRIPTION "ks subscription" CONNECTION 'host=127.0.0.1 port=1 dbname=''no where'' user=nobody password=subscription_secret'
	PUBLICATION "a; pub", other WITH (connect = false, enabled = false, binary = true, streaming = true, synchronous_commit = 'off', slot_name = 'ks_slot');
COMMENT ON SUBSCRIPTION "ks subscription" IS 'subscription';
COMMIT;
