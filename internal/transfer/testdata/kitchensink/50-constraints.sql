-- Keys, checks, foreign keys, indexes of every method, extended statistics, replica identities: on filled tables.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

-- primary and unique keys, with every clause
ALTER TABLE shop.customer ADD CONSTRAINT "customer's key" PRIMARY KEY (id) INCLUDE (email) WITH (fillfactor = 80);
ALTER TABLE shop.customer ADD CONSTRAINT customer_email UNIQUE (email) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.customer ADD CONSTRAINT customer_one_null UNIQUE NULLS NOT DISTINCT (id, main_order);
ALTER TABLE shop.orders ADD PRIMARY KEY (id);
ALTER TABLE shop.orders ADD CONSTRAINT orders_line UNIQUE (line) DEFERRABLE;
ALTER TABLE shop.orders ADD CONSTRAINT orders_pair UNIQUE (id, customer);
ALTER TABLE shop.toasty ADD PRIMARY KEY (id);
ALTER TABLE shop.altered ADD PRIMARY KEY (a);
ALTER TABLE shop.unlogged ADD PRIMARY KEY (id);
ALTER TABLE shop.other_am ADD PRIMARY KEY (id);
ALTER TABLE shop.people ADD PRIMARY KEY (id);
ALTER TABLE shop.parent1 ADD PRIMARY KEY (a);
ALTER TABLE types.own ADD CONSTRAINT own_i UNIQUE (i);

-- exclusion
ALTER TABLE shop.orders ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (id < 3000);
ALTER TABLE shop.toasty ADD CONSTRAINT same_upper EXCLUDE USING btree (upper(plain) WITH =) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE types.shapes ADD CONSTRAINT far_circles EXCLUDE USING gist (c WITH &&) WHERE (id < 2);

-- checks: valid, not valid with a row that breaks it, not inherited
ALTER TABLE shop.orders ADD CONSTRAINT amount_positive CHECK (amount >= 0 AND note IS DISTINCT FROM 'it''s; bad');
ALTER TABLE shop.orders ADD CONSTRAINT amount_small CHECK (amount < 10) NOT VALID;
ALTER TABLE shop.parent2 ADD CONSTRAINT c_known CHECK (c IS NOT NULL) NOT VALID;
ALTER TABLE part.sales ADD CONSTRAINT note_known CHECK (note IS NOT NULL) NOT VALID;
ALTER DOMAIN types.late_rule ADD CONSTRAINT short CHECK (length(VALUE) < 5) NOT VALID;

-- foreign keys: to itself, in a cycle, deferred, with every action; one not valid with rows that break it
ALTER TABLE shop.customer ADD CONSTRAINT customer_referred FOREIGN KEY (referred_by) REFERENCES shop.customer ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE shop.customer ADD CONSTRAINT customer_main_order FOREIGN KEY (main_order) REFERENCES shop.orders DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES shop.customer ON DELETE SET DEFAULT DEFERRABLE;
ALTER TABLE shop.orders ADD CONSTRAINT orders_unmatched FOREIGN KEY (ref_a) REFERENCES shop.altered (a) NOT VALID;
CREATE TABLE shop.pairs (a integer, b integer, t text, PRIMARY KEY (a, b));
INSERT INTO shop.pairs SELECT a, b, a || '/' || b FROM generate_series(0, 10) a, generate_series(0, 12) b;
ALTER TABLE shop.orders ADD CONSTRAINT orders_pairs FOREIGN KEY (ref_a, ref_b) REFERENCES shop.pairs MATCH FULL ON DELETE SET NULL (ref_b);

-- keys and foreign keys on, to and between partitioned tables
ALTER TABLE part.sales ADD CONSTRAINT sales_key UNIQUE (region, day, id);
ALTER TABLE part.numbered ADD PRIMARY KEY (a);
ALTER TABLE part.numbered_1 ADD CONSTRAINT only_of_1 UNIQUE (b);
CREATE TABLE part.refers (id integer PRIMARY KEY, a integer, region text COLLATE "C", day date, sale integer);
INSERT INTO part.refers SELECT g, g % 200, r.region, r.day, r.id FROM generate_series(1, 300) g JOIN part.sales r ON r.id = g;
ALTER TABLE part.refers ADD CONSTRAINT refers_numbered FOREIGN KEY (a) REFERENCES part.numbered ON DELETE CASCADE;
ALTER TABLE part.refers ADD CONSTRAINT refers_sales FOREIGN KEY (region, day, sale) REFERENCES part.sales (region, day, id) DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE part.refers_parted (id integer, a integer, c integer) PARTITION BY HASH (id);
CREATE TABLE part.refers_parted_0 PARTITION OF part.refers_parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part.refers_parted_1 PARTITION OF part.refers_parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO part.refers_parted SELECT g, g % 200, 1000 + 5 * g FROM generate_series(1, 200) g;
ALTER TABLE part.refers_parted ADD CONSTRAINT parted_to_parted FOREIGN KEY (a) REFERENCES part.numbered;
ALTER TABLE part.refers_parted ADD CONSTRAINT parted_to_plain FOREIGN KEY (c) REFERENCES shop.customer ON DELETE CASCADE;
ALTER TABLE part.refers_parted_1 ADD CONSTRAINT leaf_to_plain FOREIGN KEY (c) REFERENCES shop.customer;

-- indexes of every method
CREATE INDEX customer_name ON shop.customer USING btree (name COLLATE "POSIX" text_pattern_ops DESC NULLS LAST, (lower(email::text)) NULLS FIRST, id) INCLUDE (born, feeling) WITH (deduplicate_items = off);
CREATE UNIQUE INDEX customer_partial ON shop.customer (name) WHERE id % 2 = 0 AND feeling <> 'it''s "complicated"; -- \';
CREATE INDEX customer_hash ON shop.customer USING hash (name) WITH (fillfactor = 50);
CREATE INDEX customer_tags ON shop.customer USING gin (tags, extra) WITH (fastupdate = off, gin_pending_list_limit = 128);
CREATE INDEX customer_trgm ON shop.customer USING gist (name "ext schema".gist_trgm_ops (siglen = 32)) WITH (buffering = on, fillfactor = 75);
CREATE INDEX customer_extra ON shop.customer USING gin (extra) WHERE extra IS NOT NULL;
CREATE INDEX customer_spgist ON shop.customer USING spgist (name text_ops);
CREATE INDEX orders_brin ON shop.orders USING brin (placed, amount numeric_minmax_multi_ops (values_per_range = 16), customer int4_bloom_ops (n_distinct_per_range = 50)) WITH (pages_per_range = 4, autosummarize = on);
CREATE INDEX orders_expression ON shop.orders (code.add_one(customer), (ref_a + ref_b), (during @> placed));
ALTER INDEX shop.orders_expression ALTER COLUMN 2 SET STATISTICS 321;
CREATE UNIQUE INDEX orders_unique ON shop.orders (id, (note IS NULL)) NULLS NOT DISTINCT;
CREATE INDEX toasty_doc ON shop.toasty USING gin (doc jsonb_path_ops);
CREATE INDEX documents_v ON types.documents USING gist (v tsvector_ops (siglen = 100));
CREATE INDEX shapes_p ON types.shapes USING spgist (p quad_point_ops);
CREATE INDEX shapes_centre ON types.shapes USING gist (p types.box_centre_ops) WHERE id < 0;
CREATE INDEX shapes_ip ON types.shapes USING spgist (ip inet_ops);
CREATE INDEX ranges_r ON types.ranges USING spgist (i4);
CREATE INDEX own_i42 ON types.own USING hash (i types.int42_hash_ops);
CREATE INDEX shapes_am ON types.shapes USING ks_gist (b);
CREATE INDEX altered_depends ON shop.altered (b);
ALTER INDEX shop.altered_depends DEPENDS ON EXTENSION hstore;
ALTER FUNCTION code.add_one(text) DEPENDS ON EXTENSION hstore;

-- on partitioned tables: attached as they were, attached by hand, an extra one on one leaf, an unfinished one on the parent only
CREATE INDEX sales_late_note ON part.sales_late (note) WITH (fillfactor = 33);
CREATE INDEX sales_note ON part.sales (note);
CREATE INDEX sales_us_extra ON part.sales_us (amount) WHERE amount > 100;
CREATE INDEX numbered_only ON ONLY part.numbered (b);
CREATE INDEX numbered_1_b ON part.numbered_1 (b);
ALTER INDEX part.numbered_only ATTACH PARTITION part.numbered_1_b;
CREATE INDEX "by mood; id" ON part.by_mood (id DESC);

-- clustering, replica identities
ALTER TABLE shop.orders CLUSTER ON orders_pkey;
ALTER TABLE shop.customer CLUSTER ON customer_name;
ALTER TABLE shop.altered CLUSTER ON altered_depends;
ALTER TABLE shop.toasty REPLICA IDENTITY FULL;
ALTER TABLE shop.no_columns REPLICA IDENTITY NOTHING;
ALTER TABLE shop.pairs REPLICA IDENTITY USING INDEX pairs_pkey;
CREATE UNIQUE INDEX altered_identity ON shop.altered (a);
ALTER TABLE shop.altered REPLICA IDENTITY USING INDEX altered_identity;
ALTER TABLE part.numbered_2 REPLICA IDENTITY USING INDEX numbered_2_pkey;

-- extended statistics
CREATE STATISTICS shop.orders_all ON customer, ref_a, ref_b FROM shop.orders;
CREATE STATISTICS part."stat; ""odd""" (ndistinct, mcv) ON ref_a, (ref_a % 2), (lower(note)) FROM shop.orders;
CREATE STATISTICS shop.one_expression ON (upper(note)) FROM shop.orders;
CREATE STATISTICS part.sales_stat (dependencies) ON region, day FROM part.sales;
ALTER STATISTICS shop.orders_all SET STATISTICS 1000;
ALTER STATISTICS shop.orders_all OWNER TO ks_owner;

COMMIT;
