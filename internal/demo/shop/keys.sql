-- Foreign keys, and the triggers, which must not fire while rows are made.

ALTER TABLE categories ADD FOREIGN KEY (parent_id) REFERENCES categories;
ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES categories;
ALTER TABLE order_lines ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE order_lines ADD FOREIGN KEY (order_id, placed_on) REFERENCES orders ON DELETE CASCADE;

ALTER TABLE addresses ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
ALTER TABLE events ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE SET NULL;
ALTER TABLE documents ADD FOREIGN KEY (customer_id) REFERENCES customers;

ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE orders ADD FOREIGN KEY (ship_to) REFERENCES addresses;
ALTER TABLE payments ADD FOREIGN KEY (order_id, placed_on) REFERENCES orders DEFERRABLE;
CREATE TRIGGER customers_changed BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER orders_state AFTER UPDATE OF state ON orders FOR EACH ROW EXECUTE FUNCTION log_order_state();
