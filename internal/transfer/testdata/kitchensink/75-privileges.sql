-- Privileges on every kind of object, with other grantors, and default privileges, last: they'd change what is made after them.
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL search_path = '';

GRANT USAGE ON SCHEMA types, code, shop, part TO ks_reader;
GRANT USAGE, CREATE ON SCHEMA shop TO ks_writer WITH GRANT OPTION;
GRANT ALL ON SCHEMA "Odd ""Schema""; 100% \ 'quoted'" TO "Role With Spaces", "ks""quote'role";
GRANT USAGE ON SCHEMA shop, code, types TO ks_grantor, "Role With Spaces", PUBLIC;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO ks_group;

-- tables and columns; owners without rights of their own
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ks_reader;
GRANT INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON shop.orders, part.sales, part.sales_us TO ks_writer;
GRANT SELECT (id, email), UPDATE (name), REFERENCES (id), INSERT (tags) ON shop.customer TO "Role With Spaces";
GRANT SELECT ("from", "NULL") ON "Odd ""Schema""; 100% \ 'quoted'"."select" TO "ks""quote'role" WITH GRANT OPTION;
GRANT ALL ON "Odd ""Schema""; 100% \ 'quoted'"."日本語の表 — таблица — 🐘" TO "Role With Spaces";
REVOKE ALL ON shop.customer FROM ks_owner;
REVOKE UPDATE, DELETE ON shop.orders FROM ks_owner;
GRANT SELECT ON shop.remote, shop.plain_view, shop.mat_full, shop.by_key, shop.by_key_stored TO PUBLIC;
GRANT USAGE, UPDATE ON SEQUENCE shop.seq_untouched, shop."customer ids" TO ks_writer;
GRANT SELECT ON SEQUENCE shop.orders_id_seq TO ks_reader WITH GRANT OPTION;

-- functions, procedures, aggregates, types, domains, languages, foreign data
GRANT EXECUTE ON FUNCTION code.noisy(text[]), code.atomic_sum(integer, integer) TO ks_reader WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION code.noisy(text[]), code.add_one(integer), shop.waits_for_key() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE code.proc(integer, text) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE code.proc(integer, text) TO ks_group;
REVOKE EXECUTE ON FUNCTION code.cat(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION code.cat(text) TO "ks""quote'role";
REVOKE USAGE ON TYPE types.mood, types.point3, types.floatrange, types.label FROM PUBLIC;
GRANT USAGE ON TYPE types.mood TO ks_owner, ks_reader;
REVOKE USAGE ON DOMAIN types.positive FROM PUBLIC;
GRANT USAGE ON DOMAIN types.positive TO ks_writer WITH GRANT OPTION;
GRANT USAGE ON LANGUAGE "ks language" TO ks_writer;
REVOKE USAGE ON LANGUAGE "ks language" FROM PUBLIC;
GRANT USAGE ON FOREIGN DATA WRAPPER dummy TO ks_owner WITH GRANT OPTION;
GRANT USAGE ON FOREIGN SERVER "dummy server" TO "Role With Spaces";

-- by other grantors: pg_dump writes SET SESSION AUTHORIZATION into such an entry
GRANT SELECT, INSERT ON shop.pairs TO ks_grantor WITH GRANT OPTION;
GRANT UPDATE (t) ON shop.pairs TO ks_grantor WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION code.same(anyelement, anyarray) TO ks_grantor WITH GRANT OPTION;
GRANT USAGE ON TYPE types.grade TO ks_grantor WITH GRANT OPTION;
SET LOCAL ROLE ks_grantor;
GRANT SELECT ON shop.pairs TO ks_reader, PUBLIC;
GRANT INSERT ON shop.pairs TO "Role With Spaces" WITH GRANT OPTION;
GRANT UPDATE (t) ON shop.pairs TO "ks""quote'role";
GRANT EXECUTE ON FUNCTION code.same(anyelement, anyarray) TO "Role With Spaces";
GRANT USAGE ON TYPE types.grade TO ks_reader;
SET LOCAL ROLE "Role With Spaces";
GRANT INSERT ON shop.pairs TO ks_writer;
RESET ROLE;

-- objects of the system and of extensions: only what differs from their initial privileges is written
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO ks_reader;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_relation_filepath(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO ks_owner;
GRANT USAGE ON SCHEMA information_schema TO ks_reader;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
GRANT USAGE ON LANGUAGE sql TO PUBLIC;
REVOKE EXECUTE ON FUNCTION "ext schema".show_limit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ext schema".show_limit() TO ks_group;

ALTER DEFAULT PRIVILEGES FOR ROLE ks_owner GRANT SELECT ON TABLES TO ks_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE ks_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE ks_owner GRANT USAGE ON SCHEMAS TO "Role With Spaces";
ALTER DEFAULT PRIVILEGES FOR ROLE "Role With Spaces" IN SCHEMA shop, "Odd ""Schema""; 100% \ 'quoted'" GRANT INSERT, DELETE ON TABLES TO "ks""quote'role";
ALTER DEFAULT PRIVILEGES FOR ROLE ks_writer IN SCHEMA shop GRANT EXECUTE ON FUNCTIONS TO ks_group;
ALTER DEFAULT PRIVILEGES IN SCHEMA part GRANT USAGE ON SEQUENCES TO ks_reader;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO ks_group;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;

COMMIT;
