package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

// Schema is the name of the ledger's schema.
const Schema = "_pgsluice"

// format is the version of the tables below.
const format = 2

// The tables. Keys and names are text as the database encodes it; bytes and rows of an entry are estimates, of a done one
// they are counted. The columns of ledger and unlogged are the same.
const create = `
CREATE SCHEMA _pgsluice;
COMMENT ON SCHEMA _pgsluice IS 'What pgsluice records of a transfer into this database that is not complete; see pgsluice status, pgsluice copy --resume, pgsluice cleanup';
CREATE TABLE _pgsluice.transfer (id text PRIMARY KEY, format int4 NOT NULL, source text NOT NULL, database text NOT NULL, choices text NOT NULL, pg_dump text NOT NULL,
  plan text NOT NULL, fence int8 NOT NULL, started timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());
CREATE TABLE _pgsluice.snapshot (number int4 PRIMARY KEY, name text NOT NULL, cluster text NOT NULL, timeline text NOT NULL, xids text NOT NULL,
  taken timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());
CREATE TABLE _pgsluice.entry (key text PRIMARY KEY, place int4 NOT NULL, phase text NOT NULL, kind text NOT NULL, name text NOT NULL,
  bytes int8 NOT NULL, rows int8 NOT NULL, error text NOT NULL DEFAULT '');
CREATE TABLE _pgsluice.ledger (key text PRIMARY KEY, snapshot int4 NOT NULL, rows int8 NOT NULL DEFAULT 0, bytes int8 NOT NULL DEFAULT 0,
  begun timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), finished timestamptz);
CREATE UNLOGGED TABLE _pgsluice.unlogged (key text PRIMARY KEY, snapshot int4 NOT NULL, rows int8 NOT NULL DEFAULT 0, bytes int8 NOT NULL DEFAULT 0,
  begun timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), finished timestamptz);
CREATE TABLE _pgsluice.split (name text PRIMARY KEY, key text NOT NULL, cuts int8[] NOT NULL);
CREATE TABLE _pgsluice.backend (pid int4 NOT NULL, started timestamptz NOT NULL, work text NOT NULL);
`

// Drop is the SQL that removes the ledger, if there is one.
const Drop = "DROP SCHEMA IF EXISTS _pgsluice CASCADE"

// Empty is SQL that leaves nothing of it but empty tables, which are no ledger.
const Empty = "DELETE FROM _pgsluice.transfer; DELETE FROM _pgsluice.entry; DELETE FROM _pgsluice.ledger; DELETE FROM _pgsluice.unlogged"

// mark is the key, of no entry, that says that the server has not crashed since it was written.
const mark = "alive"

// Header is what is said of the transfer as a whole.
type Header struct {
	ID     string // random
	Source string // where the rows come from, as it is shown; never with a password
	// Database is the source's name.
	Database string
	Choices  string // the flags that shape the plan, as they would be typed
	PgDump   string // the version that wrote the table of contents
	Plan     string // digest of all keys
	Fence    int64  // raised by each run that takes over
	Started  time.Time
	// Splits are the tables that are copied in parts, by their quoted names: a run that resumes makes the same parts.
	Splits map[string]catalog.Split
}

// Snapshot is one that rows were read under.
type Snapshot struct {
	Number  int    // from 1
	Name    string // as pg_export_snapshot gave it
	Cluster string // the source's system identifier; "" if it can't be seen
	// Timeline is the source's; XIDs is pg_current_snapshot().
	Timeline, XIDs string
	Taken          time.Time
}

// Same reports whether two snapshots of one database see the same (FACTS.md 3): nothing has been written between them, and
// what was in work then still is.
func (s Snapshot) Same(other Snapshot) bool {
	return s.Cluster == other.Cluster && s.Timeline == other.Timeline && s.XIDs == other.XIDs
}

// Entry is one planned task.
type Entry struct {
	Key, Phase, Kind, Name string
	Bytes, Rows            int64 // about
	Error                  string
}

// Create makes the ledger, in one transaction, in place of what may be there of one. settings are statements, each with its
// semicolon, that stand before it.
func Create(ctx context.Context, conn *pgconn.PgConn, h Header, s Snapshot, entries []Entry, settings string) error {
	run := func(sql string, args ...string) error {
		_, err := catalog.Rows(ctx, conn, sql, args...)
		return err
	}
	// a crash of the server may take the tasks that were recorded last, but not the ledger itself
	if _, err := conn.Exec(ctx, "BEGIN; SET LOCAL synchronous_commit = on;"+settings+Drop+";"+create).ReadAll(); err != nil {
		return fmt.Errorf("making schema %s, which records what has arrived: %w", Schema, err)
	}
	err := run("INSERT INTO _pgsluice.transfer (id, format, source, choices, pg_dump, plan, fence, database) VALUES ($1, $2::int4, $3, $4, $5, $6, $7::int8, $8)",
		h.ID, strconv.Itoa(format), h.Source, h.Choices, h.PgDump, h.Plan, strconv.FormatInt(h.Fence, 10), h.Database)
	for name, split := range h.Splits {
		if err == nil {
			err = run("INSERT INTO _pgsluice.split (name, key, cuts) VALUES ($1, $2, $3::int8[])", name, split.Column, cutsText(split.Cuts))
		}
	}
	if err == nil {
		err = AddSnapshot(ctx, conn, s)
	}
	if err == nil {
		err = run(insertEntries, columns(entries)...)
	}
	if err == nil {
		err = Mark(ctx, conn)
	}
	if err == nil {
		err = run("COMMIT")
	}
	if err != nil {
		return fmt.Errorf("filling schema %s: %w", Schema, err)
	}
	return nil
}

const insertEntries = `
INSERT INTO _pgsluice.entry (key, place, phase, kind, name, bytes, rows)
SELECT key, place, phase, kind, name, bytes, rows
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]),
                  pg_catalog.unnest($5::int8[]), pg_catalog.unnest($6::int8[]))
       WITH ORDINALITY AS e (key, phase, kind, name, bytes, rows, place)`

func cutsText(cuts []int64) string {
	texts := make([]string, len(cuts))
	for i, cut := range cuts {
		texts[i] = strconv.FormatInt(cut, 10)
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// columns are the entries as arrays, in the order of insertEntries.
func columns(entries []Entry) []string {
	var texts [4][]string
	var numbers [2][]string
	for _, e := range entries {
		for i, text := range []string{e.Key, e.Phase, e.Kind, e.Name} {
			texts[i] = append(texts[i], text)
		}
		for i, number := range []int64{e.Bytes, e.Rows} {
			numbers[i] = append(numbers[i], strconv.FormatInt(number, 10))
		}
	}
	var all []string
	for _, list := range texts {
		all = append(all, catalog.TextArray(list))
	}
	for _, list := range numbers {
		all = append(all, "{"+strings.Join(list, ",")+"}")
	}
	return all
}

// AddSnapshot records a snapshot, unless its number is there: it may be called again with the same.
func AddSnapshot(ctx context.Context, conn *pgconn.PgConn, s Snapshot) error {
	_, err := catalog.Rows(ctx, conn, "INSERT INTO _pgsluice.snapshot (number, name, cluster, timeline, xids) VALUES ($1::int4, $2, $3, $4, $5) ON CONFLICT (number) DO NOTHING",
		strconv.Itoa(s.Number), s.Name, s.Cluster, s.Timeline, s.XIDs)
	return err
}

// Mark sets the mark that a crash of the server removes.
func Mark(ctx context.Context, conn *pgconn.PgConn) error {
	_, err := catalog.Rows(ctx, conn, "INSERT INTO _pgsluice.unlogged (key, snapshot) VALUES ('"+mark+"', 0) ON CONFLICT (key) DO NOTHING")
	return err
}
