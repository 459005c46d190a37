-- Names that break whoever does not quote: in the schema "Odd …", of 63 bytes, of reserved words, of anything but a NUL.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

-- 63 bytes each: of ASCII, and of characters of two, three and four bytes
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"."sixty-three bytes: 0123456789 0123456789 0123456789 0123456789 " (
	"column of sixty-three bytes 0123456789 0123456789 0123456789 01" integer PRIMARY KEY,
	"äöüßéèêëàâîïôûùçñøåæ 日本語 🐘🐘" text
);
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"."日本語の表 — таблица — 🐘" ("列" text, "столбец" integer, "🐘" boolean);
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"."""; drop table x --" ("""; drop table x --" serial PRIMARY KEY, "'" text DEFAULT ''';--', "\" text DEFAULT '\', "\." text, "%s %d %%" text);
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"."select" ("from" integer PRIMARY KEY, "where" text, "table" integer REFERENCES "Odd ""Schema""; 100% \ 'quoted'"."select" ("from"), "user" name DEFAULT 'x', "NULL" text);
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"." leading and trailing " (" " integer, "  " integer, "UPPER" integer, "upper" integer, "a.b" integer, "$1" integer, "*" integer, "(" integer, "," integer, "{}" integer, "/*" integer, "--" integer);
CREATE TABLE "Odd ""Schema""; 100% \ 'quoted'"."Robert'); DROP TABLE students;--" (id integer, CONSTRAINT "check ""it""; 100%'s
newline" CHECK (id > 0));
CREATE TABLE public."table" (id integer);
CREATE TABLE public."Table" (id integer);
CREATE TABLE public."TABLE DATA" ("COPY x FROM stdin;" text);
CREATE INDEX "index with ""quotes"", 'apostrophes'; and a
newline" ON "Odd ""Schema""; 100% \ 'quoted'"."Robert'); DROP TABLE students;--" (id);
CREATE VIEW "Odd ""Schema""; 100% \ 'quoted'"."view
with newline" AS SELECT "from" AS "column ""with""
newline" FROM "Odd ""Schema""; 100% \ 'quoted'"."select";
CREATE TYPE "Odd ""Schema""; 100% \ 'quoted'"."type; with "" and '" AS ENUM ('a''b', 'c"d', 'e\f', E'g\nh');
CREATE DOMAIN "Odd ""Schema""; 100% \ 'quoted'"."domain	tab" AS "Odd ""Schema""; 100% \ 'quoted'"."type; with "" and '"[];
CREATE FUNCTION "Odd ""Schema""; 100% \ 'quoted'"."function ()"("an ""argument""" "Odd ""Schema""; 100% \ 'quoted'"."type; with "" and '" DEFAULT 'a''b', OUT "out 'arg'" text)
	LANGUAGE plpgsql AS $_$BEGIN "out 'arg'" := 'a'; END$_$;
ALTER TABLE "Odd ""Schema""; 100% \ 'quoted'"."""; drop table x --" OWNER TO "ks""quote'role";
ALTER TABLE "Odd ""Schema""; 100% \ 'quoted'"."select" OWNER TO "Role With Spaces";

INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"."sixty-three bytes: 0123456789 0123456789 0123456789 0123456789 " SELECT g, 'x' || g FROM generate_series(1, 20) g;
INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"."日本語の表 — таблица — 🐘" VALUES ('日本語', 1, true), ('ячейка', 2, false), ('🐘' || chr(1) || chr(65533), 3, NULL), (U&'e\0301 \200B\FEFF', 4, NULL);
INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"."""; drop table x --" ("\.", "%s %d %%") VALUES ('\.', '%s'), (E'\\.\n', '\N'), (E'\n\\.\n', ''), (NULL, E'\r\n');
INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"."select" ("from", "where", "table", "NULL") VALUES (3, 'a', 1, 'NULL'), (1, 'b', 2, '\N'), (2, 'c', NULL, NULL);
INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"." leading and trailing " VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
INSERT INTO "Odd ""Schema""; 100% \ 'quoted'"."Robert'); DROP TABLE students;--" SELECT generate_series(1, 5);
INSERT INTO public."table" VALUES (1);
INSERT INTO public."Table" VALUES (2), (3);
INSERT INTO public."TABLE DATA" VALUES ('-- Name: x; Type: TABLE DATA'), (E'COPY x FROM stdin;\n1\n\\.\n');

COMMIT;
