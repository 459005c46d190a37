INSERT INTO orders (id, placed_on, placed_at, customer_id, ship_to, state, shipping, promised_in, note)
SELECT i, day,
       timestamptz '2025-07-01 00:00:00+00' + (day - date '2025-07-01') * interval '1 day' + pg_temp.pick(i, 11, 86400) * interval '1 second',
       customer, customer, -- a customer's first address has his number
       pg_temp.one_of('{placed,paid,packed,shipped,delivered,delivered,delivered,delivered,returned,cancelled}', i, 13)::order_state,
       CASE WHEN pg_temp.pick(i, 14, 3) > 0 THEN 4.90 ELSE 0 END,
       (1 + pg_temp.pick(i, 15, 5)) * interval '1 day',
       CASE WHEN pg_temp.pick(i, 16, 9) = 0 THEN 'Please leave it with the neighbours at no. ' || pg_temp.pick(i, 17, 90) END
  FROM (SELECT pg_temp.scaled(200000) AS n, pg_temp.scaled(40000) AS customers) AS size,
       generate_series(1, n) AS i,
       LATERAL (SELECT pg_temp.day_of(i, n) AS day, 1 + pg_temp.pick(i, 12, customers) AS customer) AS chosen;
SELECT setval(pg_get_serial_sequence('orders', 'id'), max(id)) FROM orders;
