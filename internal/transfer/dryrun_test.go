package transfer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/preflight"
)

// dryRun is DryRun that must work, and leave the target as it was.
func dryRun(t *testing.T, opt Options) *Outlook {
	t.Helper()
	o, err := DryRun(t.Context(), opt, opt.Target == "")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// found demands a finding of a level with all the words in its line.
func found(t *testing.T, o *Outlook, level preflight.Level, words ...string) {
	t.Helper()
	for _, f := range o.Findings {
		missing := f.Level != level
		for _, w := range words {
			missing = missing || !strings.Contains(f.String(), w)
		}
		if !missing {
			return
		}
	}
	t.Errorf("no %s with %q in:%s", level, words, listed(o))
}

// calm demands that there is nothing to be said but what there is always.
func calm(t *testing.T, o *Outlook) {
	t.Helper()
	for _, f := range o.Findings {
		if !strings.Contains(f.What, "it needs room for about") {
			t.Errorf("%s: %s", f.Level, f)
		}
	}
}

func listed(o *Outlook) string {
	text := ""
	for _, f := range o.Findings {
		text += fmt.Sprintf("\n  %s: %s", f.Level, f)
	}
	return text
}

// Each thing that stands in the way, or should be known, of two databases on real servers; the pair without it is calm.
func TestFindings(t *testing.T) {
	t.Parallel()
	const error, warning, note = preflight.Error, preflight.Warning, preflight.Note
	for name, tt := range map[string]struct {
		src, dst     string // SQL; %[1]s is the database's name, %[2]s a role's
		srcDB, dstDB string // more words of CREATE DATABASE
		as           string // the role is the user of that side, and has CREATE on the target
		opt          Options
		level        preflight.Level
		words        []string
	}{
		"nothing":                   {src: "CREATE TABLE t (id int PRIMARY KEY)", level: note, words: []string{"target", "room for about", "can't be seen over SQL"}},
		"LATIN1":                    {srcDB: "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", level: warning, words: []string{"UTF8", "LATIN1", "converted"}},
		"SQL_ASCII":                 {srcDB: "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0", level: warning, words: []string{"UTF8", "SQL_ASCII", "fails, with its table"}},
		"into SQL_ASCII":            {dstDB: "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0", level: warning, words: []string{"SQL_ASCII", "nothing checks it"}},
		"provider":                  {dstDB: "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C' TEMPLATE template0", level: warning, words: []string{"locale is icu de", "another order", "LOCALE 'C"}},
		"from a provider":           {srcDB: "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C' TEMPLATE template0", level: warning, words: []string{"source's icu de", "LOCALE_PROVIDER icu ICU_LOCALE 'de'"}},
		"ranges of text":            {dstDB: "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C' TEMPLATE template0", src: "CREATE TABLE p (a text) PARTITION BY RANGE (a)", level: warning, words: []string{"1 table partitioned by ranges of text"}},
		"stale rules":               {srcDB: "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C' TEMPLATE template0", src: "UPDATE pg_database SET datcollversion = '0.1' WHERE datname = '%[1]s'", level: warning, words: []string{"source", "version 0.1", "REFRESH COLLATION VERSION", "duplicates"}},
		"a collation that is not":   {src: `CREATE TABLE t (a text COLLATE "de-x-icu")`, dst: "DELETE FROM pg_collation WHERE collname = 'de-x-icu'", level: error, words: []string{"target", `"de-x-icu"`, "pg_import_system_collations"}},
		"no ICU":                    {src: `CREATE COLLATION phone (provider = icu, locale = 'de-u-co-phonebk')`, dst: "DELETE FROM pg_collation WHERE collprovider = 'i'", level: error, words: []string{"target", "without ICU", "public.phone"}},
		"a stale collation":         {src: "CREATE COLLATION own (provider = icu, locale = 'sv'); UPDATE pg_collation SET collversion = '0.1' WHERE collname = 'own'", level: warning, words: []string{"source", "public.own", "0.1", "REFRESH VERSION"}},
		"an older extension":        {src: "CREATE EXTENSION hstore", dst: "CREATE EXTENSION hstore VERSION '1.4'", level: warning, words: []string{"target", `"hstore"`, "1.4", "older"}},
		"a newer extension":         {src: "CREATE EXTENSION hstore VERSION '1.4'", level: note, words: []string{"target", `"hstore"`, "1.4 on the source"}},
		"an extension elsewhere":    {src: "CREATE EXTENSION hstore", dst: "CREATE SCHEMA provider; CREATE EXTENSION hstore SCHEMA provider", level: warning, words: []string{"is in schema provider, on the source in public", "SET SCHEMA"}},
		"an untrusted extension":    {src: "CREATE EXTENSION file_fdw", as: "target", level: error, words: []string{"only a superuser", `"file_fdw"`, "CREATE EXTENSION"}},
		"tables":                    {src: "CREATE TABLE a (); CREATE TABLE b (); GRANT SELECT ON b TO %[2]s", as: "source", level: error, words: []string{"may not read 1 table: public.a;", "GRANT SELECT", "pg_read_all_data"}},
		"sequences":                 {src: "CREATE SEQUENCE s", as: "source", level: error, words: []string{"may not read 1 sequence: public.s;", "GRANT SELECT"}},
		"schemas":                   {src: "CREATE SCHEMA s; CREATE TABLE s.t (); GRANT SELECT ON s.t TO %[2]s", as: "source", level: error, words: []string{"may not read 1 schema: s;", "GRANT USAGE"}},
		"large objects":             {src: "SELECT lo_create(7); GRANT SELECT ON LARGE OBJECT 7 TO %[2]s; SELECT lo_create(8)", as: "source", level: error, words: []string{"may not read 1 large object;", "ON LARGE OBJECT"}},
		"policies":                  {src: "CREATE TABLE t (); GRANT SELECT ON t TO %[2]s; ALTER TABLE t ENABLE ROW LEVEL SECURITY", as: "source", opt: Options{NoACL: true}, level: error, words: []string{"row-level security", "public.t", "BYPASSRLS"}},
		"policies, and --on-error":  {src: "CREATE TABLE t (); GRANT SELECT ON t TO %[2]s; ALTER TABLE t ENABLE ROW LEVEL SECURITY", as: "source", opt: Options{NoACL: true, OnError: Continue}, level: warning, words: []string{"row-level security"}},
		"hidden user mappings":      {src: "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'x')", as: "source", level: warning, words: []string{"options of 1 user mapping"}},
		"foreign tables":            {src: "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f () SERVER s", level: note, words: []string{"1 foreign table", "not the rows"}},
		"age":                       {src: "UPDATE pg_database SET datfrozenxid = '3500000000' WHERE datname = '%[1]s'", level: note, words: []string{"source", "79", "million transactions", "VACUUM FREEZE"}},
		"not empty":                 {dst: "CREATE TABLE x ()", level: error, words: []string{"target", "is not empty", "table public.x", "--clean --confirm"}},
		"a subscription, and clean": {dst: "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false, slot_name = NONE)", opt: Options{Clean: true, Confirm: "?"}, level: error, words: []string{"--clean can't drop subscription s"}},
		"another's ledger":          {dst: "CREATE SCHEMA _pgsluice; CREATE TABLE _pgsluice.transfer AS SELECT", level: error, words: []string{"ledger", "--resume"}},
		"read-only":                 {dst: "ALTER DATABASE %[1]s SET default_transaction_read_only = on", level: error, words: []string{"target", "read-only"}},
		"no CREATE":                 {dst: "REVOKE CREATE ON DATABASE %[1]s FROM %[2]s", as: "target", level: error, words: []string{"may not create schemas", "GRANT CREATE ON DATABASE"}},
		"no CREATE in public":       {src: "CREATE TABLE t ()", as: "target", opt: Options{NoOwner: true}, level: error, words: []string{"in schema public", "GRANT CREATE ON SCHEMA public"}},
		"no public":                 {src: "CREATE TABLE t ()", dst: "DROP SCHEMA public", level: error, words: []string{"no schema public", "CREATE SCHEMA public"}},
		"owners":                    {src: "CREATE SCHEMA s; CREATE TABLE s.t ()", as: "target", level: error, words: []string{"may not make objects belong to postgres", "--no-owner"}},
		"roles":                     {src: "CREATE TABLE t (); GRANT SELECT ON t TO %[2]s", level: error, words: []string{"target", "roles that it does not have", "pg_dumpall --roles-only"}},
		"an event trigger":          {src: "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION f()", as: "target", level: error, words: []string{"no superuser", "event trigger: et"}},
		"an event trigger, and yet": {src: "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION f()", as: "target", opt: Options{OnError: Continue}, level: warning, words: []string{"event trigger: et"}},
		"C":                         {src: "CREATE FUNCTION c_f(int) RETURNS int LANGUAGE internal AS 'int4abs'", as: "target", level: error, words: []string{"function in language internal: public.c_f"}},
		"a foreign-data wrapper":    {src: "CREATE FOREIGN DATA WRAPPER w", as: "target", level: error, words: []string{"foreign-data wrapper: w"}},
		"a base type":               {src: "CREATE TYPE b; CREATE FUNCTION b_in(cstring) RETURNS b LANGUAGE internal STRICT AS 'textin'; CREATE FUNCTION b_out(b) RETURNS cstring LANGUAGE internal STRICT AS 'textout'; CREATE TYPE b (INPUT = b_in, OUTPUT = b_out)", as: "target", level: error, words: []string{"base type: public.b"}},
		"an operator class":         {src: "CREATE OPERATOR CLASS oc FOR TYPE int USING hash AS STORAGE int4", as: "target", level: error, words: []string{"operator class: public.oc"}},
		"FOR ALL TABLES":            {src: "CREATE PUBLICATION p FOR ALL TABLES", as: "target", level: error, words: []string{"publication for all tables: p"}},
		"FOR A SCHEMA":              {src: "CREATE PUBLICATION p FOR TABLES IN SCHEMA public", as: "target", level: error, words: []string{"publication of a schema's tables: "}},
		"publications":              {src: "CREATE PUBLICATION p", level: note, words: []string{"1 publication is made", "wal_level is replica", "--no-publications"}},
		"max_wal_size":              {src: "CREATE TABLE t (id int PRIMARY KEY); UPDATE pg_class SET relpages = 10000000 WHERE relname = 't_pkey'", level: warning, words: []string{"max_wal_size is 1GB", "81.9 GB", "ALTER SYSTEM SET max_wal_size = '4GB'"}},
		"temp_file_limit":           {src: "CREATE TABLE t (id int PRIMARY KEY); UPDATE pg_class SET relpages = 1000 WHERE relname = 't_pkey'", dst: "ALTER DATABASE %[1]s SET temp_file_limit = '1MB'", level: warning, words: []string{"temp_file_limit is 1MB", "public.t"}},
		"a tablespace":              {src: "CREATE TABLESPACE %[2]s LOCATION ''; CREATE TABLE t () TABLESPACE %[2]s", level: error, words: []string{"does not have the tablespaces", "--no-tablespaces"}},
		"no such table":             {src: "CREATE TABLE t ()", opt: Options{DataOnly: true}, level: error, words: []string{"table public.t does not exist"}},
		"rows in it":                {src: "CREATE TABLE t AS SELECT 1 AS id", dst: "CREATE TABLE t AS SELECT 1 AS id", opt: Options{DataOnly: true}, level: error, words: []string{"table public.t is not empty", "TRUNCATE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			side := func(c *cluster.Cluster, words, sql, which string) string {
				url := pgtest.DatabaseOn(t, c, words)
				role := pgtest.Role(t, c, "finder")
				if which == "target" {
					pgtest.Exec(t, c.URL("postgres"), "GRANT CREATE ON DATABASE "+databaseName(url)+" TO "+role)
				}
				for _, statement := range strings.Split(sql, "; ") {
					if statement != "" {
						pgtest.Exec(t, url+"&allow_in_place_tablespaces=on", strings.NewReplacer("%[1]s", databaseName(url), "%[2]s", role).Replace(statement))
					}
				}
				if strings.Contains(sql, "CREATE SUBSCRIPTION") {
					t.Cleanup(func() { // or the database can't be dropped
						if err := pgtest.Run(context.Background(), url, "DROP SUBSCRIPTION s"); err != nil {
							t.Error(err)
						}
					})
				}
				if tt.as == which {
					return strings.Replace(url, "postgres@", role+"@", 1)
				}
				return url
			}
			opt := tt.opt
			opt.Source, opt.Target = side(pgtest.Server(t), tt.srcDB, tt.src, "source"), side(pgtest.Second(t), tt.dstDB, tt.dst, "target")
			if opt.Confirm == "?" {
				opt.Confirm = databaseName(opt.Target)
			}
			o := dryRun(t, opt)
			found(t, o, tt.level, tt.words...)
			if name == "nothing" {
				calm(t, o)
			}
			if n := number(t, pgtest.Second(t).URL(databaseName(opt.Target)), "SELECT count(*) FROM pg_namespace WHERE nspname = '_pgsluice'"); n != 0 && name != "another's ledger" {
				t.Error("a dry run has left a schema")
			}
			if tt.level == error && tt.words[0] != "ledger" {
				_, err := Copy(t.Context(), opt)
				if !IsRefused(err) || !strings.Contains(err.Error(), tt.words[len(tt.words)-1]) {
					t.Errorf("the copy ends with %v", err)
				}
			}
		})
	}
}

// What only holds for a server as a whole.
func TestFindingsOfServers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"timescaledb", "citus", "only_here"} {
		for file, text := range map[string]string{name + ".control": "default_version = '2.0'\nrelocatable = true\n", name + "--2.0.sql": "\n"} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := pgtest.New(t, cluster.Options{Programs: pgtest.WithExtension(t, pgtest.Programs(t), folder), Settings: map[string]string{
		"max_prepared_transactions": "5", "old_snapshot_threshold": "1h", "max_locks_per_transaction": "10", "max_connections": "20",
	}})
	super := c.URL("postgres")
	pgtest.Exec(t, super, "CREATE DATABASE src")
	pgtest.Exec(t, super, "SELECT pg_create_physical_replication_slot('forgotten', true)")
	pgtest.Exec(t, super, "CREATE ROLE cloudsqlsuperuser; CREATE ROLE admin LOGIN CREATEDB CREATEROLE; ALTER DATABASE postgres OWNER TO admin; ALTER SCHEMA public OWNER TO admin")
	src, empty := c.URL("src"), pgtest.DatabaseOn(t, pgtest.Second(t))
	pgtest.Exec(t, src, "CREATE EXTENSION timescaledb; CREATE EXTENSION citus; CREATE EXTENSION only_here; CREATE TABLE t ()")
	pgtest.Exec(t, src, "BEGIN; INSERT INTO t DEFAULT VALUES; PREPARE TRANSACTION 'forgotten'")
	o := dryRun(t, Options{Source: src, Target: empty})
	found(t, o, preflight.Error, "source", "TimescaleDB", "timescaledb_pre_restore()")
	found(t, o, preflight.Error, "source", "Citus", "undistribute_table()")
	found(t, o, preflight.Error, "target", `does not have the extension "only_here"`, "version 2.0")
	found(t, o, preflight.Note, "source", "1 prepared transaction", "COMMIT PREPARED")
	found(t, o, preflight.Warning, "source", "old_snapshot_threshold is 1h", "snapshot too old")
	if strings.Contains(listed(o), `extension "timescaledb"`) {
		t.Error("what is refused anyway need not be installed")
	}
	_, err := Copy(t.Context(), Options{Source: src, Target: empty})
	if err == nil || !IsRefused(err) || strings.Count(err.Error(), "\n") != 3 || !strings.Contains(err.Error(), "3 things stand in the way") {
		t.Errorf("the copy ends with %v", err)
	}

	from := pgtest.Database(t)
	pgtest.Exec(t, from, "CREATE EXTENSION file_fdw; CREATE FOREIGN DATA WRAPPER w; CREATE TABLE p (id int) PARTITION BY LIST (id)")
	pgtest.Exec(t, from, "DO $$ BEGIN FOR i IN 1..400 LOOP EXECUTE format('CREATE TABLE p_%s PARTITION OF p FOR VALUES IN (%s)', i, i); END LOOP; END $$")
	o = dryRun(t, Options{Source: from, Target: strings.Replace(super, "postgres@", "admin@", 1), NoOwner: true, NoACL: true})
	found(t, o, preflight.Warning, "target", "replication slots that nobody reads: forgotten")
	found(t, o, preflight.Warning, "target", "401 partitions and indexes", "room for 250 locks", "max_locks_per_transaction to 128")
	found(t, o, preflight.Note, "target", "provider (cloudsqlsuperuser)", "file_fdw")
	found(t, o, preflight.Warning, "target", "provider (cloudsqlsuperuser)", "foreign-data wrapper: w")
}
