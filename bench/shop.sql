-- A shop's orders: about 300 MB, and 180 MB of indexes, at bench.scale 1, the same rows each time.
SELECT setseed(0.5);
CREATE FUNCTION rows(n bigint) RETURNS SETOF bigint LANGUAGE sql
	AS 'SELECT generate_series(1, greatest(1, (n * current_setting(''bench.scale'')::numeric)::bigint))';

CREATE TYPE order_state AS ENUM ('open', 'paid', 'shipped', 'returned');
CREATE TABLE customers (id bigint, name text NOT NULL, email text NOT NULL, city text, since date NOT NULL, note text);
CREATE TABLE products (id bigint, sku text NOT NULL, title text NOT NULL, price numeric(10, 2) NOT NULL, attributes jsonb);
CREATE TABLE orders (id bigint, customer_id bigint NOT NULL, placed timestamptz NOT NULL, state order_state NOT NULL, total numeric(12, 2), remark text);
CREATE TABLE order_items (order_id bigint, line smallint, product_id bigint NOT NULL, quantity integer NOT NULL, price numeric(10, 2) NOT NULL);
CREATE TABLE payments (id bigint, order_id bigint NOT NULL, paid timestamptz NOT NULL, amount numeric(12, 2) NOT NULL, reference text);

INSERT INTO customers
SELECT i, 'Customer ' || md5(i::text), md5(i::text) || '@example.org', 'City ' || i % 900, date '2015-01-01' + (i % 3000)::integer,
       CASE WHEN i % 3 = 0 THEN repeat(md5((i + 1)::text) || ' ', 4) END FROM rows(140000) AS i;
INSERT INTO products
SELECT i, 'SKU-' || i, 'Product ' || md5(i::text), (random() * 500)::numeric(10, 2), jsonb_build_object('colour', i % 12, 'weight', i % 700) FROM rows(25000) AS i;
INSERT INTO orders
SELECT i, 1 + i % (SELECT max(id) FROM customers), timestamptz '2024-01-01 00:00+00' + i * interval '40 seconds',
       (enum_range(NULL::order_state))[1 + i % 4], (random() * 900)::numeric(12, 2), CASE WHEN i % 4 = 0 THEN md5(i::text) END FROM rows(770000) AS i;
INSERT INTO order_items
SELECT o.id, l, 1 + (o.id * 7 + l * 13) % (SELECT max(id) FROM products), 1 + l * o.id % 5, (random() * 300)::numeric(10, 2)
  FROM orders AS o, generate_series(1, 3) AS l;
INSERT INTO payments SELECT id, id, placed + interval '2 hours', total, md5(id::text) FROM orders WHERE state <> 'open';

ALTER TABLE customers ADD PRIMARY KEY (id), ADD UNIQUE (email);
ALTER TABLE products ADD PRIMARY KEY (id), ADD UNIQUE (sku);
ALTER TABLE orders ADD PRIMARY KEY (id), ADD FOREIGN KEY (customer_id) REFERENCES customers, ADD CHECK (total >= 0);
ALTER TABLE order_items ADD PRIMARY KEY (order_id, line), ADD FOREIGN KEY (order_id) REFERENCES orders, ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE payments ADD PRIMARY KEY (id), ADD FOREIGN KEY (order_id) REFERENCES orders;
CREATE INDEX ON customers (city, name);
CREATE INDEX ON products USING gin (attributes);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (placed);
CREATE INDEX ON order_items (product_id);
CREATE INDEX ON payments (order_id);
DROP FUNCTION rows;
CREATE VIEW open_orders AS SELECT * FROM orders WHERE state = 'open';
VACUUM (FREEZE, ANALYZE);
