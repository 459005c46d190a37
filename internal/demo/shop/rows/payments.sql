INSERT INTO payments (id, invoice_no, order_id, placed_on, method, amount, paid_at, reference)
SELECT pg_temp.uuid_of(i, 51), 100000 + 7 * i, i, pg_temp.day_of(i, n),
       pg_temp.one_of('{card,card,card,transfer,invoice,voucher}', i, 53)::payment_method,
       0.01 * (pg_temp.line_cents(i, 1, products) + pg_temp.line_cents(i, 2, products) +
               pg_temp.line_cents(i, 3, products) + pg_temp.line_cents(i, 4, products)),
       timestamptz '2025-07-01 12:00:00+00' + (pg_temp.day_of(i, n) - date '2025-07-01') * interval '1 day',
       CASE WHEN pg_temp.pick(i, 54, 4) > 0 THEN 'order ' || i || ', thank you' END
  FROM (SELECT pg_temp.scaled(200000) AS n, pg_temp.scaled(6000) AS products) AS size,
       generate_series(1, n) AS i
 WHERE pg_temp.pick(i, 55, 20) > 0;
SELECT setval('invoice_number', max(invoice_no)) FROM payments;
