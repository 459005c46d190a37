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

// State is all that a ledger holds.
type State struct {
	Header
	Snapshots []Snapshot
	Entries   []Entry // in the order of the plan
	Done      map[string]Done
	Errors    map[string]bool // keys of entries that failed: done ones in part
}

// Done is what is recorded of a task that is done.
type Done struct {
	Snapshot    int
	Rows, Bytes int64     // 0 for what moves none
	Finished    time.Time // for what moves rows; of others, when it began
}

// Read gives what the database records, nil if it has no ledger. It takes no lock beyond ACCESS SHARE.
func Read(ctx context.Context, conn *pgconn.PgConn) (*State, error) {
	if there, err := There(ctx, conn); err != nil || !there {
		return nil, err
	}
	headers, err := catalog.Rows(ctx, conn, "SELECT format, id, source, choices, pg_dump, plan, fence, "+epoch("started")+", database FROM _pgsluice.transfer")
	switch {
	case err != nil:
		return nil, wrap(err)
	case len(headers) != 1:
		return nil, fmt.Errorf("schema %s holds %d transfers where there should be one: pgsluice cleanup removes it", Schema, len(headers))
	case headers[0][0] != strconv.Itoa(format):
		return nil, fmt.Errorf("schema %s was written by another version of pgsluice: use that one, or pgsluice cleanup", Schema)
	}
	h := headers[0]
	s := &State{Done: map[string]Done{}, Errors: map[string]bool{}, Header: Header{
		ID: h[1], Source: h[2], Choices: h[3], PgDump: h[4], Plan: h[5], Fence: number(h[6]), Started: moment(h[7]), Database: h[8],
	}}
	for _, read := range []func(context.Context, *pgconn.PgConn) error{s.readSnapshots, s.readSplits, s.readEntries, s.readDone} {
		if err := read(ctx, conn); err != nil {
			return nil, wrap(err)
		}
	}
	return s, nil
}

// There reports whether the database has a ledger.
func There(ctx context.Context, conn *pgconn.PgConn) (bool, error) {
	row, err := catalog.Row(ctx, conn, "SELECT pg_catalog.to_regclass('_pgsluice.transfer') IS NOT NULL")
	if err == nil && row[0] == "t" {
		row, err = catalog.Row(ctx, conn, "SELECT EXISTS (SELECT FROM _pgsluice.transfer)")
	}
	if err != nil {
		return false, wrap(err)
	}
	return row[0] == "t", nil
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading schema %s: %w", Schema, err)
}

func (s *State) readSnapshots(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := catalog.Rows(ctx, conn, "SELECT number, name, cluster, timeline, xids, "+epoch("taken")+" FROM _pgsluice.snapshot ORDER BY number")
	for _, r := range rows {
		s.Snapshots = append(s.Snapshots, Snapshot{
			Number: int(number(r[0])), Name: r[1], Cluster: r[2], Timeline: r[3], XIDs: r[4], Taken: moment(r[5]),
		})
	}
	return err
}

func (s *State) readSplits(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := catalog.Rows(ctx, conn, "SELECT name, key, pg_catalog.array_to_string(cuts, ' ') FROM _pgsluice.split")
	s.Splits = map[string]catalog.Split{}
	for _, r := range rows {
		split := catalog.Split{Column: r[1]}
		for cut := range strings.FieldsSeq(r[2]) {
			split.Cuts = append(split.Cuts, number(cut))
		}
		s.Splits[r[0]] = split
	}
	return err
}

func (s *State) readEntries(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := catalog.Rows(ctx, conn, "SELECT key, phase, kind, name, bytes, rows, error FROM _pgsluice.entry ORDER BY place")
	for _, r := range rows {
		s.Entries = append(s.Entries, Entry{
			Key: r[0], Phase: r[1], Kind: r[2], Name: r[3], Bytes: number(r[4]), Rows: number(r[5]), Error: r[6],
		})
		if r[6] != "" {
			s.Errors[r[0]] = true
		}
	}
	return err
}

func (s *State) readDone(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := catalog.Rows(ctx, conn, `
SELECT key, snapshot, rows, bytes, `+epoch("coalesce(finished, begun)")+`
  FROM (TABLE _pgsluice.ledger UNION ALL TABLE _pgsluice.unlogged) AS l WHERE key <> $1`, mark)
	for _, r := range rows {
		s.Done[r[0]] = Done{Snapshot: int(number(r[1])), Rows: number(r[2]), Bytes: number(r[3]), Finished: moment(r[4])}
	}
	return err
}

func epoch(expression string) string {
	return "(extract(epoch FROM " + expression + ") * 1000000)::int8"
}

func moment(microseconds string) time.Time { return time.UnixMicro(number(microseconds)) }

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // the server wrote it
	return n
}
