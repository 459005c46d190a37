package transfer

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/pgtest"
)

const (
	// patience bounds a wait for something that must happen; only a broken test or a very slow machine needs it all.
	patience = time.Minute
	// prompt is how long an error or a cancellation may take to end a copy.
	prompt = 5 * time.Second
)

// sourceAndTarget are two empty databases on two servers.
func sourceAndTarget(t *testing.T) (src, dst string) {
	t.Helper()
	return pgtest.DatabaseOn(t, pgtest.Server(t)), pgtest.DatabaseOn(t, pgtest.Second(t))
}

// gate is SQL for a function that waits, where and when it is called with the value 100, until the test lets it go on.
// As a CHECK constraint it stops a COPY into the table in its middle, in an index the build, in a query the query.
const gate = `
CREATE FUNCTION public.gate(x int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF x = 100 THEN PERFORM pg_catalog.pg_advisory_xact_lock_shared(4711); END IF;
  RETURN true;
END $$;
`

// bigTable is SQL for 20 MB on the wire, in 2000 rows: more than sockets hold, so that a COPY of it that is held up is
// held up on both sides. It lies compressed in 300 kB.
func bigTable(name, constraint string) string {
	return fmt.Sprintf(`
CREATE TABLE %[1]s (id int %[2]s, filler text);
INSERT INTO %[1]s SELECT i, repeat('x', 10000) FROM generate_series(1, 20) i;
INSERT INTO %[1]s SELECT 20 * i + id, filler FROM %[1]s, generate_series(1, 99) i ORDER BY 1;
`, name, constraint)
}

// smallTables is SQL for tables of 50 rows.
func smallTables(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "CREATE TABLE %[1]s (id int, v text); INSERT INTO %[1]s SELECT i, 'old ' || i FROM generate_series(1, 50) i;\n", name)
	}
	return b.String()
}

// Conditions to wait for.
const (
	atGate         = `SELECT count(*) > 0 FROM pg_stat_activity WHERE ` + ours + ` AND wait_event = 'advisory'`
	schemaWaits    = `SELECT count(*) > 0 FROM pg_stat_activity WHERE ` + ours + ` AND application_name = 'pgsluice schema' AND wait_event_type = 'Lock'`
	dumpWaits      = `SELECT count(*) > 0 FROM pg_stat_activity WHERE ` + ours + ` AND ` + pgDump + ` AND wait_event_type = 'Lock'`
	readerIsHeldUp = `SELECT count(*) > 0 FROM pg_stat_activity WHERE ` + ours + ` AND ` + copyOut + ` AND wait_event = 'ClientWrite'`
	noneLeft       = `SELECT count(*) = 0 FROM pg_stat_activity WHERE ` + ours
)

// Backends of a copy.
const (
	ours     = `datname = current_database() AND (application_name LIKE 'pgsluice%' OR application_name = 'pg_dump')`
	copyOut  = "application_name = 'pgsluice copy-out' AND state = 'active'"
	copyIn   = "application_name = 'pgsluice copy-in' AND state = 'active'"
	postData = "application_name = 'pgsluice post-data' AND state = 'active'"
	holder   = "application_name = 'pgsluice snapshot'"
	pgDump   = "application_name = 'pgsluice pg_dump'"
)

// holdGate makes every call of gate in the database wait; the returned function ends that.
func holdGate(t *testing.T, url string) (open func()) {
	t.Helper()
	s := openSession(t, url)
	s.exec("SELECT pg_advisory_lock(4711)")
	return func() { s.exec("SELECT pg_advisory_unlock(4711)") }
}

// session is an application's connection, kept between statements.
type session struct {
	t     *testing.T
	url   string
	conn  *pgconn.PgConn
	begun sync.WaitGroup // statements of begin
}

func openSession(t *testing.T, url string) *session {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, url: url, conn: conn}
	t.Cleanup(func() {
		s.begun.Wait() // the test's context has ended them
		conn.Close(context.WithoutCancel(t.Context()))
	})
	return s
}

func (s *session) exec(sql string) {
	s.t.Helper()
	if _, err := s.conn.Exec(s.t.Context(), sql).ReadAll(); err != nil {
		s.t.Fatalf("%.100s: %v", sql, err)
	}
}

// begin runs sql, which is expected to wait, and returns when it waits for a lock. Its end comes on the channel.
func (s *session) begin(sql string) <-chan error {
	s.t.Helper()
	done := make(chan error, 1)
	ctx := s.t.Context()
	s.begun.Go(func() {
		_, err := s.conn.Exec(ctx, sql).ReadAll()
		done <- err
	})
	until(s.t, s.url, fmt.Sprintf(
		"SELECT count(*) > 0 FROM pg_stat_activity WHERE pid = %d AND wait_event_type = 'Lock'", s.conn.PID()))
	return done
}

// ended waits for what begin began and demands that it went well.
func ended(t *testing.T, what string, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(patience):
		t.Fatalf("%s has not ended", what)
	}
}

// until waits until a query gives true.
func until(t *testing.T, url, query string) {
	t.Helper()
	if !becomes(t, url, query, patience) {
		t.Fatalf("it never came to be that %s; there is\n%s", query, activity(t, url))
	}
}

func becomes(t *testing.T, url, query string, within time.Duration) bool {
	t.Helper()
	conn := openSession(t, url).conn
	return pgtest.Poll(within, func() bool {
		r := conn.ExecParams(t.Context(), query, nil, nil, nil, nil).Read()
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return string(r.Rows[0][0]) == "t"
	})
}

func activity(t *testing.T, url string) string {
	t.Helper()
	var b strings.Builder
	for _, row := range pgtest.Query(t, url, `SELECT pid, application_name, state, wait_event_type, wait_event, left(query, 80)
		FROM pg_stat_activity WHERE datname = current_database()`) {
		fmt.Fprintln(&b, strings.Join(row, " | "))
	}
	return b.String()
}

// terminate ends the backends that a condition on pg_stat_activity picks, and demands that there was one.
func terminate(t *testing.T, url, where string) {
	t.Helper()
	signal(t, url, "pg_terminate_backend", where)
}

func signal(t *testing.T, url, function, where string) {
	t.Helper()
	hit := pgtest.Query(t, url, `WITH hit AS MATERIALIZED (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND `+
		where+`) SELECT `+function+`(pid) FROM hit`)
	if len(hit) == 0 {
		t.Fatalf("no backend where %s; there is\n%s", where, activity(t, url))
	}
}

// content stands for all rows of a table.
func content(t *testing.T, url, table string) string {
	t.Helper()
	return pgtest.Scalar[string](t, url, "SELECT count(*) || ' rows, ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "+table+" t")
}

// same demands that tables of the target hold what they should.
func same(t *testing.T, dst string, want map[string]string) {
	t.Helper()
	for table, w := range want {
		if got := content(t, dst, table); got != w {
			t.Errorf("table %s of the target: %s, want %s", table, got, w)
		}
	}
}

// sameTables demands that both sides have the same tables with the same columns and rows.
func sameTables(t *testing.T, src, dst string) {
	t.Helper()
	tables := func(url string) map[string]string {
		all := map[string]string{}
		for _, r := range pgtest.Query(t, url, `SELECT attrelid::regclass, string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum)
			FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384)
			GROUP BY 1`) {
			all[r[0]] = r[1] + ": " + content(t, url, r[0])
		}
		return all
	}
	if want, got := tables(src), tables(dst); !maps.Equal(want, got) {
		t.Errorf("the target has the tables %v, want %v", got, want)
	}
}

func contents(t *testing.T, url string, tables ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range tables {
		all[table] = content(t, url, table)
	}
	return all
}

// What through does to a connection.
const (
	stall     accident = iota // nothing more comes from the server but the end
	cut                       // it ends
	stallOnce                 // as stall, but the first reader of rows only; all others go on
)

type accident int

// through is another address of the database at url. It does something to each connection that has brought that many
// bytes from the server; the channel is closed the first time.
func through(t *testing.T, url string, after int64, what accident) (string, <-chan struct{}) {
	t.Helper()
	there := make(chan struct{})
	arrive := sync.OnceFunc(func() { close(there) })
	var stalled atomic.Bool
	address := relay(t, url, func() (up, down func(to, from net.Conn)) {
		var reader atomic.Bool
		up = func(backend, client net.Conn) {
			_, _ = io.Copy(backend, io.TeeReader(client, says("copy-out", &reader)))
		}
		return up, func(client, backend net.Conn) {
			_, err := io.CopyN(client, backend, after)
			if err == nil && (what != stallOnce || reader.Load()) {
				arrive()
			}
			switch {
			case err != nil || what == cut:
			case what == stallOnce && (!reader.Load() || stalled.Swap(true)):
				_, _ = io.Copy(client, backend)
			default:
				_, _ = io.Copy(io.Discard, backend)
			}
		}
	})
	return address, there
}

// relay is another address of the database at url. Of each connection up passes on what the client says and down what the server says;
// when one returns, its destination is closed.
func relay(t *testing.T, url string, pass func() (up, down func(to, from net.Conn))) string {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			backend, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			up, down := pass()
			passing.Go(func() { up(backend, client); backend.Close() })
			passing.Go(func() { down(client, backend); client.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); passing.Wait() })
	return strings.Replace(url, server, l.Addr().String(), 1)
}

// says is a writer that sets seen when a word is written to it, in one piece.
func says(word string, seen *atomic.Bool) io.Writer { return &ear{word, seen} }

type ear struct {
	word string
	seen *atomic.Bool
}

func (e *ear) Write(p []byte) (int, error) {
	if !e.seen.Load() && strings.Contains(string(p), e.word) {
		e.seen.Store(true)
	}
	return len(p), nil
}
