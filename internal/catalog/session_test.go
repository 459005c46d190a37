package catalog

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

// hostile are settings of a database that change what COPY text, DDL and questions mean, or end them.
var hostile = []string{
	"search_path = evil, pg_catalog", `"DateStyle" = 'SQL, DMY'`, `"IntervalStyle" = sql_standard`, "extra_float_digits = -3",
	"bytea_output = escape", "statement_timeout = '9min'", "lock_timeout = '8min'", "idle_in_transaction_session_timeout = '7min'",
	"idle_session_timeout = '6min'", "default_transaction_read_only = on", "default_transaction_isolation = serializable",
	"client_encoding = LATIN1", "standard_conforming_strings = off", "row_security = on", "client_min_messages = debug1",
	"synchronize_seqscans = on", "quote_all_identifiers = on", "check_function_bodies = on", "xmloption = document",
	"array_nulls = off", "default_table_access_method = heap2", "default_toast_compression = pglz",
	"default_tablespace = pg_default", "escape_string_warning = on",
}

func hostileDatabase(t *testing.T) string {
	t.Helper()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `
		CREATE SCHEMA evil;
		CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
		CREATE FUNCTION evil.current_database() RETURNS name LANGUAGE sql AS $$SELECT 'evil'::name$$;
		CREATE FUNCTION evil.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS $$SELECT true$$`)
	var sql strings.Builder
	for _, s := range hostile {
		sql.WriteString("ALTER DATABASE " + pgx.Identifier{parse(t, url).Database()}.Sanitize() + " SET " + s + ";\n")
	}
	pgtest.Exec(t, url, sql.String())
	return url
}

func parse(t *testing.T, url string) *Address {
	t.Helper()
	a, err := ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := parse(t, url).Connect(t.Context(), "pgsluice test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Close(context.WithoutCancel(t.Context()), conn) })
	return conn
}

func one(t *testing.T, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	row, err := Row(t.Context(), conn, sql)
	if err != nil {
		t.Fatal(err)
	}
	return row[0]
}

// The settings of a session are in force whatever the database has set.
func TestOpenSession(t *testing.T) {
	t.Parallel()
	url := hostileDatabase(t)
	both := map[string]string{
		"search_path": "", "client_encoding": "UTF8", "statement_timeout": "0", "lock_timeout": "3s",
		"idle_in_transaction_session_timeout": "0", "idle_session_timeout": "0", "client_connection_check_interval": "2s",
		"standard_conforming_strings": "on", "row_security": "off", "client_min_messages": "warning", "DateStyle": "ISO, DMY",
		"IntervalStyle": "postgres", "extra_float_digits": "3", "application_name": "pgsluice: a test",
	}
	for name, tt := range map[string]struct {
		role Role
		want map[string]string
	}{
		"reader": {Reader, map[string]string{"synchronize_seqscans": "off", "quote_all_identifiers": "off"}},
		"writer": {Writer, map[string]string{
			"default_transaction_read_only": "off", "default_transaction_isolation": "read committed", "check_function_bodies": "off",
			"xmloption": "content", "array_nulls": "on", "default_tablespace": "", "default_table_access_method": "heap",
			"synchronous_commit": "off",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := OpenSession(t.Context(), parse(t, url), SessionOptions{
				Role: tt.role, Encoding: "UTF8", LockTimeout: 3e9, Application: "pgsluice: a test",
			})
			if err != nil {
				t.Fatal(err)
			}
			defer Close(t.Context(), conn)
			for _, settings := range []map[string]string{both, tt.want} {
				for name, want := range settings {
					if got := one(t, conn, "SHOW "+name); got != want {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
			}
		})
	}
}

// OpenSession asks for the source's encoding on both sides.
func TestOpenSessionEncoding(t *testing.T) {
	t.Parallel()
	conn, err := OpenSession(t.Context(), parse(t, pgtest.Database(t)), SessionOptions{Encoding: "LATIN9", Application: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer Close(t.Context(), conn)
	if got := one(t, conn, "SHOW client_encoding"); got != "LATIN9" {
		t.Errorf("client_encoding is %s", got)
	}
}

// The facts are the database's own, also where it misleads whoever asks.
func TestReadFacts(t *testing.T) {
	t.Parallel()
	url := hostileDatabase(t)
	conn := connect(t, url)
	f, err := ReadFacts(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	c := pgtest.Server(t)
	want := Facts{
		Version: f.Version, VersionText: f.VersionText, DatabaseOID: f.DatabaseOID, FreeConnections: f.FreeConnections, LockSlots: f.LockSlots,
		Database: parse(t, url).Database(), User: "postgres", Encoding: "UTF8", SearchPath: "evil, pg_catalog", Superuser: true,
		MayReplicaRole: true, ReadOnly: true, Timeline: "00000001",
		SharedBuffers:      pgtest.Scalar[int64](t, c.URL("postgres"), "SELECT setting::int8 * 8192 FROM pg_settings WHERE name = 'shared_buffers'"),
		MaintenanceWorkMem: 64 << 20, MaxParallelWorkers: 8, // the server's defaults
		Cores:            f.Cores,
		SystemIdentifier: pgtest.Scalar[string](t, c.URL("postgres"), "SELECT system_identifier::text FROM pg_control_system()"),
	}
	if *f != want {
		t.Errorf("facts %+v\nwant  %+v", *f, want)
	}
	if f.Version/10000 != c.Programs().Version || !strings.HasPrefix(f.VersionText, strconv.Itoa(f.Version/10000)) {
		t.Errorf("version %d, %q", f.Version, f.VersionText)
	}
	if f.FreeConnections < 1 || f.FreeConnections > 99 || f.LockSlots < 6400 {
		t.Errorf("%d free connections, %d lock slots", f.FreeConnections, f.LockSlots)
	}
	if runtime.GOOS == "linux" && (f.Cores < 1 || f.Cores > runtime.NumCPU()) {
		t.Errorf("%d cores, and this machine has %d", f.Cores, runtime.NumCPU())
	}
	if got := one(t, conn, "SHOW search_path"); got != "" {
		t.Errorf("later questions are asked with search_path %s", got)
	}
}

// An ordinary role sees less, and may open fewer connections: its own limit, the database's, and not those that are
// kept for superusers.
func TestReadFactsOfAnOrdinaryRole(t *testing.T) {
	t.Parallel()
	c := pgtest.Server(t)
	url := pgtest.Database(t)
	role := pgtest.Role(t, c, "ordinary")
	asRole := strings.Replace(url, "postgres@", role+"@", 1)
	database := parse(t, url).Database()
	for _, tt := range []struct {
		sql       string
		low, high int
	}{
		{"SELECT", 0, 96},
		{"ALTER ROLE " + role + " CONNECTION LIMIT 5", 4, 4},
		{"ALTER DATABASE " + database + " CONNECTION LIMIT 3", 2, 2},
		{"ALTER DATABASE " + database + " CONNECTION LIMIT 30", 4, 4},
	} {
		pgtest.Exec(t, url, tt.sql)
		for others := int64(1); others > 0; { // that session takes a moment to end, and would be counted
			others = pgtest.Scalar[int64](t, c.URL("postgres"), "SELECT count(*) FROM pg_stat_activity WHERE datname = '"+database+"'")
		}
		f, err := ReadFacts(t.Context(), connect(t, asRole))
		if err != nil {
			t.Fatal(err)
		}
		if f.FreeConnections < tt.low || f.FreeConnections > tt.high {
			t.Errorf("%s: %d free connections, want %d to %d", tt.sql, f.FreeConnections, tt.low, tt.high)
		}
		if f.Superuser || f.MayReplicaRole || f.User != role {
			t.Errorf("facts %+v", *f)
		}
		terminate(t, url, role)
	}
	pgtest.Exec(t, url, "GRANT SET ON PARAMETER session_replication_role TO "+role)
	f, err := ReadFacts(t.Context(), connect(t, asRole))
	if err != nil {
		t.Fatal(err)
	}
	if !f.MayReplicaRole {
		t.Error("the granted parameter is not seen")
	}
}

// terminate ends the role's sessions and waits for their end: they count against its limit.
func terminate(t *testing.T, url, role string) {
	t.Helper()
	pgtest.Query(t, url, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '"+role+"'")
}

func TestServerVersion(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	got, err := ServerVersion(conn)
	if err != nil {
		t.Fatal(err)
	}
	if want := one(t, conn, "SHOW server_version_num"); want[:2] != strconv.Itoa(got)[:2] {
		t.Errorf("version %d, server_version_num %s", got, want)
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	for _, s := range []string{"", "a", "it's", `a\b`, `'';--`, "ü\n"} {
		if got := one(t, conn, "SELECT "+Literal(s)); got != s {
			t.Errorf("%q arrives as %q", s, got)
		}
	}
}

func TestTextArray(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	want := []string{"", "a", `it's "x"`, `a\b`, "{}", "a,b", "NULL", " "}
	rows, err := Rows(t.Context(), conn, "SELECT * FROM unnest($1::text[])", TextArray(want))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r[0])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q arrives as %q", want, got)
	}
}
