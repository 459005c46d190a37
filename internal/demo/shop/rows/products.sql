INSERT INTO products (id, category_id, sku, name, description, price, weight_kg, size, tags, attributes)
SELECT i, 1 + pg_temp.pick(i, 21, 24), 'SH-' || lpad(i::text, 6, '0'),
       pg_temp.one_of('{Oak,Steel,Woollen,Folding,Little,Great,Nordic,Plain}', i, 22) || ' ' ||
       pg_temp.one_of('{table,lamp,kettle,blanket,chair,shelf,bowl,knife,basket,rug}', i, 23) || ' no. ' || i,
       pg_temp.words(i, 24) || '. ' || pg_temp.words(i, 25) || '. ' || pg_temp.words(i, 26) || '.',
       pg_temp.cents_of(i) * 0.01,
       (10 + pg_temp.pick(i, 27, 30000)) / 1000.0,
       ROW(pg_temp.pick(i, 28, 2000) / 10.0, pg_temp.pick(i, 29, 2000) / 10.0, pg_temp.pick(i, 30, 900) / 10.0)::dimensions,
       ARRAY[pg_temp.one_of('{new,sale,eco,local}', i, 31), pg_temp.one_of('{home,office,outdoor}', i, 32)],
       jsonb_build_object('colour', pg_temp.one_of('{red,green,blue,black,white,natural}', i, 33),
           'material', pg_temp.one_of('{oak,steel,wool,cotton,glass}', i, 34),
           'rating', round(pg_temp.pick(i, 35, 50) * 0.1, 1), 'stock', jsonb_build_array(pg_temp.pick(i, 36, 90), pg_temp.pick(i, 37, 90)))
  FROM generate_series(1, pg_temp.scaled(6000)) AS i;
SELECT setval(pg_get_serial_sequence('products', 'id'), max(id)) FROM products;
