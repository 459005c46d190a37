-- What every session that makes rows needs. All values follow from hashes of row numbers, so that each run makes the same
-- shop, and an order, its lines and its payment agree although no session reads what another one writes.

SET jit = off;
SET work_mem = '64MB';
SET maintenance_work_mem = '128MB';
SET synchronous_commit = off;

-- how many of what there are `base` of at scale 1
CREATE FUNCTION pg_temp.scaled(base bigint) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT greatest(1, round(base * current_setting('demo.scale')::float8))::bigint $$;

-- a number from 0 to n-1
CREATE FUNCTION pg_temp.pick(i bigint, salt integer, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(i, salt) & 9223372036854775807) % n $$;

CREATE FUNCTION pg_temp.one_of(words text[], i bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT words[1 + pg_temp.pick(i, salt, cardinality(words))] $$;

-- sixteen words
CREATE FUNCTION pg_temp.words(i bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
    SELECT string_agg(pg_temp.one_of('{light,solid,hand,made,oak,steel,soft,wool,garden,kitchen,small,large,round,warm,quiet,
        folding,water,proof,travel,winter,summer,child,safe,daily,use,easy,clean,strong,cotton,paper,glass,copper,simple,
        classic,repair,spare,parts,years,guarantee,recycled}', i * 16 + k, salt), ' ')
      FROM generate_series(1, 16) AS k
$$;

-- the day of order i: half a year is spread over all orders
CREATE FUNCTION pg_temp.day_of(i bigint, orders bigint) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT date '2025-07-01' + ((i - 1) * 184 / orders)::integer $$;

-- one to four lines
CREATE FUNCTION pg_temp.lines_of(i bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT 1 + pg_temp.pick(i, 41, 4) $$;

CREATE FUNCTION pg_temp.product_of(i bigint, line bigint, products bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT 1 + pg_temp.pick(i * 4 + line, 42, products) $$;

CREATE FUNCTION pg_temp.quantity_of(i bigint, line bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT 1 + pg_temp.pick(i * 4 + line, 43, 3) $$;

CREATE FUNCTION pg_temp.cents_of(product bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT 95 + 100 * pg_temp.pick(product, 44, 250) $$;

-- what line `line` of order i costs, 0 if there is none
CREATE FUNCTION pg_temp.line_cents(i bigint, line bigint, products bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$
    SELECT CASE WHEN line <= pg_temp.lines_of(i)
           THEN pg_temp.quantity_of(i, line) * pg_temp.cents_of(pg_temp.product_of(i, line, products)) ELSE 0 END
$$;

CREATE FUNCTION pg_temp.uuid_of(i bigint, salt integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(hashint8extended(i, salt)), 16, '0') || lpad(to_hex(hashint8extended(i, salt + 1)), 16, '0'))::uuid $$;
