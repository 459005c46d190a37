INSERT INTO order_lines (order_id, placed_on, line_no, product_id, quantity, price)
SELECT i, pg_temp.day_of(i, n), line, product, pg_temp.quantity_of(i, line), pg_temp.cents_of(product) * 0.01
  FROM (SELECT pg_temp.scaled(200000) AS n, pg_temp.scaled(6000) AS products) AS size,
       generate_series(1, n) AS i,
       generate_series(1, pg_temp.lines_of(i)) AS line,
       LATERAL (SELECT pg_temp.product_of(i, line, products) AS product) AS chosen;
