INSERT INTO documents (id, customer_id, title, sha256, body)
SELECT i, 1 + pg_temp.pick(i, 61, pg_temp.scaled(40000)), 'Delivery note ' || 5000 + i, sha256(body), body
  FROM generate_series(1, pg_temp.scaled(290)) AS i,
       LATERAL (SELECT '\x255044462d312e370a'::bytea || string_agg(sha512(int8send(i * 100000 + k)), '' ORDER BY k) AS body
                  FROM generate_series(1, 400 + pg_temp.pick(i, 62, 1000)) AS k) AS scan;
SELECT setval(pg_get_serial_sequence('documents', 'id'), max(id)) FROM documents;
