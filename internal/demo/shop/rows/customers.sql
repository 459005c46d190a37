INSERT INTO customers (id, email, name, phone, born, token, newsletter, points, created_at, changed_at)
SELECT i, lower(first) || '.' || lower(last) || i || '@' || pg_temp.one_of('{example.com,example.net,example.org}', i, 71),
       first || ' ' || last,
       CASE WHEN pg_temp.pick(i, 72, 4) > 0 THEN '+49 30 ' || 1000000 + pg_temp.pick(i, 73, 9000000) END,
       CASE WHEN pg_temp.pick(i, 74, 5) > 0 THEN date '1940-01-01' + pg_temp.pick(i, 75, 24000)::integer END,
       pg_temp.uuid_of(i, 76), pg_temp.pick(i, 78, 3) = 0, pg_temp.pick(i, 79, 5000), joined, joined
  FROM generate_series(1, pg_temp.scaled(40000)) AS i,
       LATERAL (SELECT
           pg_temp.one_of('{Anna,Ben,Clara,David,Eva,Farid,Greta,Hugo,Ida,Jonas,Kirsten,Leon,Mira,Noah,Olga,Paul}', i, 80) AS first,
           pg_temp.one_of('{Adler,Becker,Çelik,Dupont,Eriksen,Fischer,García,Hahn,Ito,Jensen,Kowalska,Lang,Müller,Nowak}', i, 81) AS last,
           timestamptz '2019-01-01 08:00:00+00' + pg_temp.pick(i, 82, 189000000) * interval '1 second' AS joined) AS made;
SELECT setval(pg_get_serial_sequence('customers', 'id'), max(id)) FROM customers;
