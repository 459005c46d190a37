-- The tables of TPC-H with its types, its keys and a few more indexes: about 1 GB at bench.scale 1.
CREATE TABLE region (r_regionkey integer, r_name char(25) NOT NULL, r_comment varchar(152));
CREATE TABLE nation (n_nationkey integer, n_name char(25) NOT NULL, n_regionkey integer NOT NULL, n_comment varchar(152));
CREATE TABLE supplier (s_suppkey integer, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL, s_nationkey integer NOT NULL,
	s_phone char(15) NOT NULL, s_acctbal numeric(15, 2) NOT NULL, s_comment varchar(101) NOT NULL);
CREATE TABLE customer (c_custkey integer, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL, c_nationkey integer NOT NULL,
	c_phone char(15) NOT NULL, c_acctbal numeric(15, 2) NOT NULL, c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL);
CREATE TABLE part (p_partkey integer, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL, p_type varchar(25) NOT NULL,
	p_size integer NOT NULL, p_container char(10) NOT NULL, p_retailprice numeric(15, 2) NOT NULL, p_comment varchar(23) NOT NULL);
CREATE TABLE partsupp (ps_partkey integer, ps_suppkey integer, ps_availqty integer NOT NULL, ps_supplycost numeric(15, 2) NOT NULL,
	ps_comment varchar(199) NOT NULL);
CREATE TABLE orders (o_orderkey bigint, o_custkey integer NOT NULL, o_orderstatus char(1) NOT NULL, o_totalprice numeric(15, 2) NOT NULL,
	o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL, o_clerk char(15) NOT NULL, o_shippriority integer NOT NULL, o_comment varchar(79) NOT NULL);
CREATE TABLE lineitem (l_orderkey bigint, l_partkey integer NOT NULL, l_suppkey integer NOT NULL, l_linenumber integer,
	l_quantity numeric(15, 2) NOT NULL, l_extendedprice numeric(15, 2) NOT NULL, l_discount numeric(15, 2) NOT NULL, l_tax numeric(15, 2) NOT NULL,
	l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL,
	l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL);

INSERT INTO region SELECT i, 'REGION ' || i, words(i, 60) FROM generate_series(0, 4) AS i;
INSERT INTO nation SELECT i, 'NATION ' || i, i % 5, words(i, 70) FROM generate_series(0, 24) AS i;
INSERT INTO supplier
SELECT i, 'Supplier#' || lpad(i::text, 9, '0'), left(md5(i::text), 10 + (i % 22)::integer), i % 25, format('%s-%s-%s', 10 + i % 25, 100 + i % 900, 1000 + i * 7 % 9000),
       i * 7919 % 1099999 / 100.0 - 999.99, words(i, 25 + i % 70) FROM rows(8000) AS i;
INSERT INTO customer
SELECT i, 'Customer#' || lpad(i::text, 9, '0'), left(md5(i::text), 10 + (i % 22)::integer), i % 25, format('%s-%s-%s', 10 + i % 25, 100 + i % 900, 1000 + i * 7 % 9000),
       i * 7919 % 1099999 / 100.0 - 999.99, (ARRAY['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'HOUSEHOLD', 'MACHINERY'])[1 + i % 5], words(i, 29 + i % 80) FROM rows(120000) AS i;
INSERT INTO part
SELECT i, words(i, 22 + i % 30), 'Manufacturer#' || 1 + i % 5, 'Brand#' || 11 + i % 45, (ARRAY['PROMO BURNISHED COPPER', 'LARGE BRUSHED BRASS', 'STANDARD POLISHED TIN', 'SMALL PLATED STEEL'])[1 + i * 7 % 4],
       1 + i % 50, (ARRAY['JUMBO PKG', 'LG CASE', 'MED DRUM', 'SM BOX', 'WRAP JAR'])[1 + i % 5], 900 + i % 1000 + i % 100 / 100.0, words(i * 3, 5 + i % 17) FROM rows(160000) AS i;
INSERT INTO partsupp
SELECT p.p_partkey, 1 + (p.p_partkey + k * (s.n / 4)) % s.n, 1 + p.p_partkey * 7 % 9999, (p.p_partkey::bigint * 31 + k * 977) % 99900 / 100.0 + 1, words(p.p_partkey + k, 49 + (p.p_partkey + k) % 140)
  FROM part AS p, generate_series(0, 3) AS k, (SELECT count(*)::integer AS n FROM supplier) AS s;
INSERT INTO orders
SELECT i, 1 + i * 7 % c.n, (ARRAY['F', 'O', 'P'])[1 + i % 3], 900 + i * 7919 % 40000000 / 100.0, date '1992-01-01' + (i * 13 % 2400)::integer,
       (ARRAY['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'])[1 + i * 3 % 5], 'Clerk#' || lpad((i % 1000)::text, 9, '0'), 0, words(i, 19 + i % 58)
  FROM rows(1200000) AS i, (SELECT count(*) AS n FROM customer) AS c;
INSERT INTO lineitem
SELECT o.o_orderkey, x.part, 1 + (x.part + l * (s.n / 4)) % s.n, l, 1 + (x.i * 11 % 50), 900 + x.i * 7919 % 9500000 / 100.0, x.i % 11 / 100.0, x.i % 9 / 100.0,
       (ARRAY['A', 'N', 'R'])[1 + x.i % 3], (ARRAY['F', 'O'])[1 + x.i % 2], o.o_orderdate + (1 + x.i % 121)::integer, o.o_orderdate + (30 + x.i % 61)::integer, o.o_orderdate + (2 + x.i % 151)::integer,
       (ARRAY['COLLECT COD', 'DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN'])[1 + x.i * 3 % 4], (ARRAY['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'])[1 + x.i % 7],
       words(x.i, 10 + x.i % 34)
  FROM orders AS o, (SELECT count(*)::integer AS n FROM supplier) AS s, (SELECT count(*) AS n FROM part) AS p, generate_series(1, 4) AS l,
       LATERAL (SELECT o.o_orderkey * 4 + l AS i, (1 + (o.o_orderkey * 4 + l) * 31 % p.n)::integer AS part) AS x;

ALTER TABLE region ADD PRIMARY KEY (r_regionkey);
ALTER TABLE nation ADD PRIMARY KEY (n_nationkey), ADD FOREIGN KEY (n_regionkey) REFERENCES region;
ALTER TABLE supplier ADD PRIMARY KEY (s_suppkey), ADD FOREIGN KEY (s_nationkey) REFERENCES nation;
ALTER TABLE customer ADD PRIMARY KEY (c_custkey), ADD FOREIGN KEY (c_nationkey) REFERENCES nation;
ALTER TABLE part ADD PRIMARY KEY (p_partkey);
ALTER TABLE partsupp ADD PRIMARY KEY (ps_partkey, ps_suppkey), ADD FOREIGN KEY (ps_partkey) REFERENCES part, ADD FOREIGN KEY (ps_suppkey) REFERENCES supplier;
ALTER TABLE orders ADD PRIMARY KEY (o_orderkey), ADD FOREIGN KEY (o_custkey) REFERENCES customer;
ALTER TABLE lineitem ADD PRIMARY KEY (l_orderkey, l_linenumber), ADD FOREIGN KEY (l_orderkey) REFERENCES orders,
	ADD FOREIGN KEY (l_partkey, l_suppkey) REFERENCES partsupp;
CREATE INDEX ON partsupp (ps_suppkey);
CREATE INDEX ON orders (o_custkey);
CREATE INDEX ON orders (o_orderdate);
CREATE INDEX ON lineitem (l_shipdate);
CREATE INDEX ON lineitem (l_partkey, l_suppkey);
