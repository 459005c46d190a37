-- What the data sets use, and is dropped again behind them: n rows, at bench.scale, and some words.
CREATE FUNCTION rows(n bigint) RETURNS SETOF bigint LANGUAGE sql
	AS 'SELECT generate_series(1, greatest(4, (n * current_setting(''bench.scale'')::numeric)::bigint))';
CREATE FUNCTION words(i bigint, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT substr('carefully final deposits detect slyly against the regular accounts; blithely ironic packages haggle above the even theodolites, '
		'furiously express requests sleep across the pending foxes. quickly bold pinto beans nag after the silent instructions? '
		'ideas wake fluffily among the special dependencies', 1 + (i * 7919 % 220)::integer, n::integer)
$$;
SET work_mem = '256MB';
