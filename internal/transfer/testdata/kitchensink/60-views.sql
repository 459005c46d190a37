-- Views, materialized views, rules and triggers, some of which pg_dump writes in an order of its own.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

-- views
CREATE VIEW shop.plain_view AS SELECT id, email, name FROM shop.customer WHERE feeling = 'ok';
CREATE VIEW shop.checked WITH (security_barrier = true, security_invoker = true) AS SELECT id, amount, note FROM shop.orders WHERE amount > 5 WITH LOCAL CHECK OPTION;
CREATE VIEW shop.checked_cascaded AS SELECT id, amount FROM shop.checked WHERE id > 0 WITH CASCADED CHECK OPTION;
ALTER VIEW shop.plain_view ALTER COLUMN name SET DEFAULT 'view''s; default';
ALTER VIEW shop.plain_view OWNER TO ks_owner;
CREATE RECURSIVE VIEW shop.counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 10;
CREATE VIEW shop.no_columns_view AS SELECT FROM shop.no_columns;
-- each reads the other: one is written as a dummy first
CREATE VIEW shop.circle_a AS SELECT 1 AS x, 'a'::text AS y;
CREATE VIEW shop.circle_b AS SELECT x, y FROM shop.circle_a;
CREATE OR REPLACE VIEW shop.circle_a AS SELECT x, y FROM shop.circle_b;
-- reads itself through a function of its own row type
CREATE VIEW shop.self AS SELECT 1 AS id, 'x'::text AS t;
CREATE FUNCTION shop.of_self() RETURNS SETOF shop.self LANGUAGE sql BEGIN ATOMIC SELECT 2 AS id, 'y'::text AS t; END;
CREATE OR REPLACE VIEW shop.self AS SELECT id, t FROM shop.of_self();
-- groups by a primary key, so that it must wait for the key: written as a dummy, then as a RULE in post-data
CREATE VIEW shop.by_key WITH (security_barrier = true) AS SELECT c.id, c.name, c.email, count(o.id) AS orders FROM shop.customer c LEFT JOIN shop.orders o ON o.customer = c.id GROUP BY c.id;
-- made in pre-data, of the dummy: only the refresh may fill it
CREATE MATERIALIZED VIEW shop.by_key_stored AS SELECT id, name, orders FROM shop.by_key WHERE id % 10 = 0;
CREATE MATERIALIZED VIEW shop.by_key_twice AS SELECT id, orders * 2 AS twice FROM shop.by_key_stored;
-- a materialized view and a function can't be dummies: both are written whole in post-data, between the keys
CREATE MATERIALIZED VIEW shop.grouped AS SELECT o.id, o.note, count(*) AS n FROM shop.orders o GROUP BY o.id;
CREATE UNIQUE INDEX grouped_id ON shop.grouped (id);
CREATE FUNCTION shop.waits_for_key() RETURNS SETOF shop.orders LANGUAGE sql STABLE BEGIN ATOMIC SELECT o.* FROM shop.orders o GROUP BY o.id; END;

-- materialized views: with rows, without, one reading others, other storage, one that runs a function nobody else may
CREATE MATERIALIZED VIEW shop.mat_full (region, n, total) WITH (fillfactor = 50) AS SELECT region, count(*), sum(amount) FROM part.sales GROUP BY 1;
CREATE MATERIALIZED VIEW shop.mat_empty AS SELECT * FROM shop.orders WITH NO DATA;
CREATE MATERIALIZED VIEW shop.a_reads_z AS SELECT 1 AS n WITH NO DATA;
DROP MATERIALIZED VIEW shop.a_reads_z;
CREATE MATERIALIZED VIEW shop.z_first USING ks_heap AS SELECT g AS i FROM generate_series(1, 10) g;
CREATE MATERIALIZED VIEW shop.a_reads_z AS SELECT sum(i) AS total, (SELECT count(*) FROM shop.mat_full) AS regions FROM shop.z_first;
CREATE UNIQUE INDEX mat_full_region ON shop.mat_full (region) NULLS NOT DISTINCT;
CREATE INDEX mat_empty_note ON shop.mat_empty (note);
ALTER MATERIALIZED VIEW shop.mat_full CLUSTER ON mat_full_region;
ALTER MATERIALIZED VIEW shop.mat_full ALTER COLUMN total SET STATISTICS 7;
REVOKE EXECUTE ON FUNCTION code.wants_privilege(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION code.wants_privilege(integer) TO ks_owner;
GRANT SELECT ON shop.pairs TO ks_owner;
CREATE MATERIALIZED VIEW shop.mat_private AS SELECT a, code.wants_privilege(b) AS w FROM shop.pairs;
ALTER MATERIALIZED VIEW shop.mat_private OWNER TO ks_owner;

-- rules
CREATE RULE insert_plain AS ON INSERT TO shop.plain_view DO INSTEAD INSERT INTO shop.customer (email, name) VALUES (NEW.email, NEW.name) RETURNING id, email, name;
CREATE RULE "rule; ""odd""" AS ON UPDATE TO shop.looped WHERE OLD.a > 1000 DO ALSO (INSERT INTO shop.no_rows VALUES (1, 'it''s; x'); DELETE FROM shop.no_rows WHERE id = 1);
CREATE RULE disabled_rule AS ON DELETE TO shop.looped DO INSTEAD NOTHING;
CREATE RULE always_rule AS ON INSERT TO shop.no_rows DO ALSO NOTHING;
CREATE RULE replica_rule AS ON DELETE TO shop.no_rows DO INSTEAD NOTHING;
ALTER TABLE shop.looped DISABLE RULE disabled_rule;
ALTER TABLE shop.no_rows ENABLE ALWAYS RULE always_rule, ENABLE REPLICA RULE replica_rule;

-- triggers: a copy that makes these before it loads the rows stops at the first of them
CREATE TRIGGER spoils BEFORE INSERT ON shop.toasty FOR EACH ROW EXECUTE FUNCTION code.trigger_spoils('arg', 'it''s; \ "odd"', '');
CREATE TRIGGER spoils_always AFTER INSERT OR TRUNCATE ON shop.unlogged FOR EACH STATEMENT EXECUTE FUNCTION code.trigger_spoils();
CREATE TRIGGER "trigger; ""odd""
newline" BEFORE UPDATE OF name, "born" ON shop.customer FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name AND OLD.feeling <> 'it''s "complicated"; -- \') EXECUTE FUNCTION code.trigger_noop();
CREATE TRIGGER transition AFTER UPDATE ON shop.orders REFERENCING OLD TABLE AS "old rows" NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION code.trigger_noop();
CREATE TRIGGER disabled_one AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION code.trigger_spoils();
CREATE TRIGGER replica_one AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION code.trigger_spoils();
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR DELETE ON shop.pairs FROM shop.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (true) EXECUTE FUNCTION code.trigger_noop();
CREATE TRIGGER instead INSTEAD OF INSERT OR UPDATE OR DELETE ON shop.by_key FOR EACH ROW EXECUTE FUNCTION code.trigger_noop();
CREATE TRIGGER on_parent AFTER INSERT ON part.sales FOR EACH ROW EXECUTE FUNCTION code.trigger_spoils('parent');
CREATE TRIGGER on_leaf BEFORE INSERT ON part.sales_us FOR EACH ROW EXECUTE FUNCTION code.trigger_spoils('leaf');
CREATE TRIGGER on_foreign BEFORE INSERT ON shop.remote FOR EACH ROW EXECUTE FUNCTION code.trigger_noop();
ALTER TRIGGER on_leaf ON part.sales_us DEPENDS ON EXTENSION hstore;
ALTER TABLE shop.unlogged ENABLE ALWAYS TRIGGER spoils_always;
ALTER TABLE shop.orders DISABLE TRIGGER disabled_one;
ALTER TABLE shop.orders ENABLE REPLICA TRIGGER replica_one;
ALTER TABLE part.sales_eu_2023_0 DISABLE TRIGGER on_parent;
ALTER TABLE part.sales_late ENABLE ALWAYS TRIGGER on_parent;

COMMIT;
