-- A table and a column with a newline in the name. They are apart because tools that read names line by line, as a shell
-- script that compares databases does, stop at them.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL ks.allow_ddl = 'on';

CREATE TABLE public."table
with newline; \n" ("column
with newline" integer PRIMARY KEY, "
" text);
INSERT INTO public."table
with newline; \n" SELECT g, E'\n' || g FROM generate_series(1, 10) g;

COMMIT;
