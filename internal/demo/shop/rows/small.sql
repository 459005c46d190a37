INSERT INTO categories (parent_id, name)
SELECT CASE WHEN i > 6 THEN 1 + i % 6 END,
       ('{Living,Kitchen,Garden,Office,Travel,Children}'::text[])[1 + i % 6] || ' ' || i
  FROM generate_series(1, 24) AS i;
INSERT INTO promotions (name, percent, during)
SELECT 'Week ' || i, 5 + i % 4 * 2.5, daterange(date '2025-07-01' + i * 7, date '2025-07-01' + i * 7 + 7)
  FROM generate_series(0, 25, 2) AS i;
SELECT setval(pg_get_serial_sequence('promotions', 'id'), 13);
