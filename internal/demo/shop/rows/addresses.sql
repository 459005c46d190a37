-- address i is the first one of customer i; those above are second ones
INSERT INTO addresses (id, customer_id, street, postcode, city, country, place)
SELECT i, CASE WHEN i <= customers THEN i ELSE 1 + pg_temp.pick(i, 91, customers) END,
       pg_temp.one_of('{Mill Lane,Station Road,Church Street,Lindenallee,Am Markt,Rue du Port,Hafenstraße,Park Row}', i, 92) || ' ' || 1 + pg_temp.pick(i, 93, 140),
       lpad(pg_temp.pick(i, 94, 100000)::text, 5, '0'),
       pg_temp.one_of('{Bremen,Lyon,Graz,Zürich,Gdańsk,Malmö,Leeds,Porto}', i, 95),
       pg_temp.one_of('{DE,FR,AT,CH,PL,SE,GB,PT}', i, 95),
       point(45 + pg_temp.pick(i, 96, 100000) / 10000.0, pg_temp.pick(i, 97, 150000) / 10000.0)
  FROM (SELECT pg_temp.scaled(40000) AS customers) AS size, generate_series(1, pg_temp.scaled(60000)) AS i;
SELECT setval(pg_get_serial_sequence('addresses', 'id'), max(id)) FROM addresses;
