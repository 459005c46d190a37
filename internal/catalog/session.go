package catalog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Role says what a session is for: it decides the settings.
type Role int

const (
	// Reader sessions read a source.
	Reader Role = iota
	// Writer sessions write a target.
	Writer
)

// SessionOptions are the settings that differ from session to session.
type SessionOptions struct {
	Role Role
	// Encoding is client_encoding, as the server spells it. It is the source database's encoding on both sides, so
	// that bytes pass the source unconverted and names match the table of contents byte for byte. A Writer's SQL_ASCII
	// becomes the target's own: COPY FROM does not look at bytes that it is told to be SQL_ASCII.
	Encoding string
	// LockTimeout bounds the wait for a lock. 0 waits without bound.
	LockTimeout time.Duration
	// Set are settings by their names. They are applied last.
	Set map[string]string
	// Application is the session's application_name.
	Application string
	// Configure may adjust the connection's configuration, e.g. install hooks. May be nil.
	Configure func(*pgconn.Config)
}

// OpenSession connects and applies every setting that COPY text, DDL and waiting depend on: what pg_dump's
// setup_connection and pg_restore's _doSetFixedOutputState set, and client_encoding, which pgx leaves alone
// (FACTS.md 5). The caller closes the connection.
func OpenSession(ctx context.Context, a *Address, opt SessionOptions) (*pgconn.PgConn, error) {
	conn, err := a.Connect(ctx, opt.Application, func(config *pgconn.Config) {
		if opt.Role == Reader {
			config.BuildFrontend = buffered
			config.DialFunc = gathering(config.DialFunc)
		}
		if opt.Configure != nil {
			opt.Configure(config)
		}
	})
	if err != nil {
		return nil, err
	}
	if opt.Role == Writer && opt.Encoding == "SQL_ASCII" {
		opt.Encoding = conn.ParameterStatus("server_encoding")
	}
	version, err := ServerVersion(conn)
	if err == nil {
		_, err = conn.Exec(ctx, settings(opt, version)).ReadAll()
	}
	if err == nil && version >= 140000 {
		// a statement whose client died is noticed, not only when it ends (FACTS.md 18). Servers on systems that can't tell,
		// such as Windows, refuse the setting: there such a statement runs to its end
		var refused *pgconn.PgError
		if _, err = conn.Exec(ctx, "SET client_connection_check_interval = '2s'").ReadAll(); errors.As(err, &refused) && !conn.IsClosed() {
			err = nil
		}
	}
	if err != nil {
		Close(ctx, conn)
		return nil, fmt.Errorf("%s: session settings: %w", a, err)
	}
	return conn, nil
}

// readBuffer is the most that one read takes from a source's connection. pgx's own buffer takes 8 KiB, as much as the server
// writes at once; while the target holds the copy up, a lot more lies waiting. With 64 KiB a COPY needs a fifth to a seventh of the
// reads and about a tenth less of the copier's CPU; 256 KiB brought nothing more.
const readBuffer = 64 << 10

// buffered reads through a buffer of readBuffer bytes, which messages that are larger bypass.
func buffered(r io.Reader, w io.Writer) *pgproto3.Frontend {
	return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
}

// Close ends a session, also under a context that is cancelled already, within a deadline of its own.
func Close(ctx context.Context, conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelDeadline)
	defer cancel()
	_ = conn.Close(ctx) // it is closed either way, and nobody could act on the error
	select {
	case <-conn.CleanupDone(): // pgx closes a broken connection in a goroutine of its own
	case <-ctx.Done():
	}
}

func settings(opt SessionOptions, version int) string {
	var b strings.Builder
	set := func(name, value string) { fmt.Fprintf(&b, "SET %s = %s;\n", name, value) }
	b.WriteString("SELECT pg_catalog.set_config('search_path', '', false);\n")
	if opt.Encoding != "" {
		set("client_encoding", Literal(opt.Encoding))
	}
	set("statement_timeout", "0")
	set("lock_timeout", fmt.Sprint(opt.LockTimeout.Milliseconds()))
	set("idle_in_transaction_session_timeout", "0")
	if version >= 140000 {
		set("idle_session_timeout", "0")
	}
	if version >= 170000 {
		set("transaction_timeout", "0")
	}
	set("standard_conforming_strings", "on")
	set("row_security", "off") // an error rather than fewer rows
	set("client_min_messages", "warning")
	set("datestyle", "ISO")
	set("intervalstyle", "postgres")
	set("extra_float_digits", "3")
	set("jit", "off") // to compile a question about the catalogs takes seconds, to answer it milliseconds
	switch opt.Role {
	case Reader:
		set("synchronize_seqscans", "off") // rows in heap order
		set("quote_all_identifiers", "off")
		set("max_parallel_workers_per_gather", "0") // the source is asked for so many streams, and rows come in order
	case Writer:
		set("default_transaction_read_only", "off")
		set("default_transaction_isolation", "'read committed'")
		set("check_function_bodies", "off")
		set("xmloption", "content")
		set("array_nulls", "on")
		set("default_tablespace", "''")
		set("default_table_access_method", "heap")
		set("synchronous_commit", "off") // the last commit of a transfer is synchronous and covers all before it
	}
	for _, name := range slices.Sorted(maps.Keys(opt.Set)) {
		// set_config takes the lists that some settings are as they are written, where SET wants them in pieces
		fmt.Fprintf(&b, "SELECT pg_catalog.set_config(%s, %s, false);\n", Literal(name), Literal(opt.Set[name]))
	}
	return b.String()
}

// Literal quotes a string constant. It is right under standard_conforming_strings = on only.
func Literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ServerVersion is the version number of the server as server_version_num has it, taken from what the server
// reported at start-up.
func ServerVersion(conn *pgconn.PgConn) (int, error) {
	text := conn.ParameterStatus("server_version")
	var major, minor int
	if n, _ := fmt.Sscanf(text, "%d.%d", &major, &minor); n == 0 {
		return 0, fmt.Errorf("server version %q is not understood", text)
	}
	return major*10000 + minor, nil
}
