-- Indexes and the keys that rest on them. The blocks between empty lines are independent and run side by side, the
-- longest first; the foreign keys come when all are done.

CREATE INDEX events_payload ON events USING gin (payload jsonb_path_ops);

ALTER TABLE order_lines ADD PRIMARY KEY (order_id, line_no);

ALTER TABLE payments ADD PRIMARY KEY (id);
ALTER TABLE payments ADD UNIQUE (invoice_no);
CREATE INDEX payments_order ON payments (order_id, placed_on) INCLUDE (amount);

ALTER TABLE orders ADD PRIMARY KEY (id, placed_on);
CREATE INDEX orders_customer ON orders (customer_id, placed_on DESC);

ALTER TABLE customers ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX customers_email ON customers (lower(email));
CREATE INDEX customers_token ON customers USING hash (token);

CREATE INDEX order_lines_product ON order_lines (product_id);

ALTER TABLE events ADD PRIMARY KEY (id);
CREATE INDEX events_at ON events USING brin (at);

CREATE INDEX events_customer ON events (customer_id, at) WHERE customer_id IS NOT NULL;

ALTER TABLE addresses ADD PRIMARY KEY (id);
CREATE INDEX addresses_customer ON addresses (customer_id);
CREATE INDEX addresses_place ON addresses USING gist (place);

ALTER TABLE products ADD PRIMARY KEY (id);
ALTER TABLE products ADD UNIQUE (sku);
CREATE INDEX products_search ON products USING gin (search);
CREATE INDEX products_tags ON products USING gin (tags);
CREATE INDEX products_attributes ON products USING gin (attributes);
CREATE INDEX products_colour ON products ((attributes ->> 'colour'), price);
CREATE STATISTICS products_category_price ON category_id, price FROM products;

ALTER TABLE categories ADD PRIMARY KEY (id);
ALTER TABLE promotions ADD PRIMARY KEY (id);
ALTER TABLE promotions ADD EXCLUDE USING gist (during WITH &&);
ALTER TABLE documents ADD PRIMARY KEY (id);
CREATE INDEX documents_customer ON documents (customer_id);

REFRESH MATERIALIZED VIEW reports.monthly_sales;
CREATE UNIQUE INDEX monthly_sales_key ON reports.monthly_sales (month, category_id);
