-- One big table with its primary key and nothing else: about 900 MB at bench.scale 1.
CREATE TABLE lineitem (l_orderkey bigint, l_partkey integer NOT NULL, l_suppkey integer NOT NULL, l_linenumber integer,
	l_quantity numeric(15, 2) NOT NULL, l_extendedprice numeric(15, 2) NOT NULL, l_discount numeric(15, 2) NOT NULL, l_tax numeric(15, 2) NOT NULL,
	l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL,
	l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL);
INSERT INTO lineitem
SELECT i / 4, 1 + i * 31 % 200000, 1 + i * 7 % 10000, i % 4, 1 + (i * 11 % 50), 900 + i * 7919 % 9500000 / 100.0, i % 11 / 100.0, i % 9 / 100.0,
       (ARRAY['A', 'N', 'R'])[1 + i % 3], (ARRAY['F', 'O'])[1 + i % 2], date '1992-01-01' + (i * 13 % 2400)::integer, date '1992-02-01' + (i * 17 % 2400)::integer, date '1992-01-04' + (i * 13 % 2400)::integer,
       (ARRAY['COLLECT COD', 'DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN'])[1 + i * 3 % 4], (ARRAY['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'])[1 + i % 7],
       words(i, 10 + i % 34)
  FROM rows(5800000) AS i;
ALTER TABLE lineitem ADD PRIMARY KEY (l_orderkey, l_linenumber);
