-- UUIDs, moments and numerics, which are long as text and short as binary: 3 million bookings at bench.scale 1.
CREATE TABLE ledger (id uuid, account uuid NOT NULL, booked timestamptz NOT NULL, amount numeric(18, 4) NOT NULL, balance numeric NOT NULL);
INSERT INTO ledger
SELECT md5(i::text)::uuid, md5((i % 40000)::text)::uuid, timestamptz '2025-01-01 00:00+00' + i * interval '11.000017 seconds',
       i * 7919 % 200000000 / 10000.0 - 10000, i * 104729 % 9000000000 / 1000.0
  FROM rows(3000000) AS i;
ALTER TABLE ledger ADD PRIMARY KEY (id);
CREATE INDEX ON ledger (account, booked);
