-- Row security, publications, large objects.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

-- a session that is not a superuser and doesn't set row_security = off reads part of these without an error
CREATE POLICY own_rows ON shop.customer USING (email = current_user::public.citext) WITH CHECK (id > 0 AND name <> 'it''s; bad');
CREATE POLICY "policy; ""odd""" ON shop.orders AS RESTRICTIVE FOR SELECT TO ks_reader, "Role With Spaces" USING (customer IN (SELECT c.id FROM shop.customer c WHERE c.feeling = 'ok'));
CREATE POLICY insert_only ON shop.orders FOR INSERT TO PUBLIC WITH CHECK (amount > 0);
CREATE POLICY update_some ON shop.orders FOR UPDATE USING (true) WITH CHECK (code.add_one(customer) > 0);
CREATE POLICY delete_none ON shop.orders FOR DELETE TO ks_group USING (false);
CREATE POLICY on_parent ON part.sales USING (region <> 'us');
CREATE POLICY not_enabled ON shop.pairs USING (a > 5);
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE part.sales ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.people ENABLE ROW LEVEL SECURITY; -- and no policy: nobody reads it
ALTER TABLE shop.no_rows FORCE ROW LEVEL SECURITY;

-- publications
CREATE PUBLICATION ks_all FOR ALL TABLES;
CREATE PUBLICATION "ks tables" FOR TABLE shop.customer (id, email), shop.orders WHERE (id > 5 AND note <> 'it''s; x'), ONLY shop.parent1, part.sales WITH (publish = 'insert, truncate', publish_via_partition_root = true);
CREATE PUBLICATION ks_schemas FOR TABLES IN SCHEMA "Odd ""Schema""; 100% \ 'quoted'", types, TABLE shop.pairs WITH (publish = 'update');
CREATE PUBLICATION ks_empty WITH (publish = '');
ALTER PUBLICATION "ks tables" OWNER TO ks_owner;

-- large objects: empty, short, of 2 pages, of 300 kB, with owners and privileges
SELECT lo_create(900001), lo_from_bytea(900002, '\x00ff5c0a'), lo_from_bytea(900003, decode(repeat('0123456789abcdef', 400), 'hex')),
	lo_from_bytea(900004, (SELECT decode(string_agg(md5(g::text), ''), 'hex') FROM generate_series(1, 18750) g)),
	lo_from_bytea(900005, convert_to(repeat('ä', 1024), 'UTF8')), lo_from_bytea(4294967295, 'the last OID');
ALTER LARGE OBJECT 900002 OWNER TO ks_owner;
ALTER LARGE OBJECT 900003 OWNER TO "Role With Spaces";
ALTER LARGE OBJECT 900004 OWNER TO ks_owner;
GRANT SELECT ON LARGE OBJECT 900001, 900002 TO PUBLIC;
GRANT SELECT, UPDATE ON LARGE OBJECT 900004 TO ks_reader WITH GRANT OPTION;
REVOKE ALL ON LARGE OBJECT 900003 FROM "Role With Spaces";
COMMENT ON LARGE OBJECT 900002 IS 'a large object''s comment';
COMMENT ON LARGE OBJECT 900004 IS E'300,000 bytes; ''\\''\nsecond line';
CREATE TABLE shop.documents (id integer PRIMARY KEY, content oid);
INSERT INTO shop.documents VALUES (1, 900001), (2, 900004), (3, 900999);

COMMIT;
