INSERT INTO events (id, at, customer_id, client, payload)
SELECT i,
       timestamptz '2025-07-01 00:00:00+00' + i * (interval '184 days' / n),
       CASE WHEN pg_temp.pick(i, 1, 3) > 0 THEN 1 + pg_temp.pick(i / 8, 2, customers) END,
       '10.0.0.0'::inet + pg_temp.pick(i / 8, 3, 1 << 20),
       jsonb_build_object(
           'kind', pg_temp.one_of('{view,view,view,search,cart,order}', i, 4),
           'path', '/product/' || 1 + pg_temp.pick(i, 5, products),
           'session', to_hex(hashint8extended(i / 8, 6)),
           'ms', pg_temp.pick(i, 7, 900),
           'browser', jsonb_build_object(
               'name', pg_temp.one_of('{Firefox,Chrome,Safari,Edge}', i / 8, 8),
               'version', 100 + pg_temp.pick(i / 8, 9, 40),
               'mobile', pg_temp.pick(i / 8, 10, 2) = 0))
  FROM (SELECT pg_temp.scaled(240000) AS n, pg_temp.scaled(40000) AS customers, pg_temp.scaled(6000) AS products) AS size,
       generate_series(1, n) AS i;
SELECT setval(pg_get_serial_sequence('events', 'id'), max(id)) FROM events;
