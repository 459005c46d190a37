-- The database behind these archives: rows and large objects, and little else.
CREATE TABLE public.empty (a integer, b text);
CREATE TABLE public.few (a integer, b text);
INSERT INTO public.few VALUES (1, E'tab\there'), (2, NULL), (3, ''), (4, E'\\.'), (5, E'two\nlines'), (6, 'é');
CREATE TABLE public.many (a integer, b text);
INSERT INTO public.many SELECT i, md5(i::text) || repeat(' a word', i % 9) FROM generate_series(1, 300) AS i;
SELECT lo_from_bytea(900001, 'first'), lo_from_bytea(900002, ''),
	lo_from_bytea(4000000000, convert_to((SELECT string_agg(i || ' of the last', E'\n' ORDER BY i) FROM generate_series(1, 500) AS i), 'UTF8'));
CREATE TABLE public.wide (b text);
INSERT INTO public.wide SELECT repeat('x', 3000);
