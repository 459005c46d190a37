package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/verify"
)

// asRole is the same database by another role.
func asRole(t *testing.T, database, role string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// What a role may not read is not equal but unknown; all else is compared.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	src, dst := pair(t, `
CREATE TABLE open (a int); INSERT INTO open VALUES (1); CREATE TABLE closed (a int);
CREATE TABLE policed (a int); ALTER TABLE policed ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON policed USING (a < 10);
INSERT INTO policed VALUES (1), (100); CREATE SEQUENCE hidden; CREATE SEQUENCE seen; SELECT lo_create(1), lo_create(2)`)
	role := pgtest.Role(t, pgtest.Server(t), "reader")
	pgtest.Exec(t, src, "GRANT SELECT ON open, policed, seen TO "+role+"; GRANT SELECT ON LARGE OBJECT 1 TO "+role)
	pgtest.Exec(t, dst, "DELETE FROM policed WHERE a > 10; SELECT nextval('seen')")
	r := run(t, verify.Options{Source: asRole(t, src, role), Target: dst, DataOnly: true, Choices: verify.Choices{NoACL: true}})
	want(t, r, "sequence | sequence public.seen: the target is ahead",
		"unverified | large object 2: on the source: ERROR: permission denied for large object 2",
		"unverified | sequence public.hidden: on the source: ERROR: permission denied for sequence hidden",
		"unverified | table public.closed: on the source: its rows could not be read: ERROR: permission denied for table closed",
		"unverified | table public.policed: on the source: its rows could not be read: ERROR: query would be affected by row-level security policy")
	if r.Equal() || r.Tables != 1 || r.LargeObjects != 2 {
		t.Errorf("equal %v, %d tables, %d large objects", r.Equal(), r.Tables, r.LargeObjects)
	}
}

// snapshotOf gives an Opener of sessions under one snapshot, which is taken now.
func snapshotOf(t *testing.T, database string) verify.Opener {
	t.Helper()
	address, err := catalog.ParseAddress(database)
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context, set string) (*pgconn.PgConn, error) {
		conn, err := catalog.OpenSession(ctx, address, catalog.SessionOptions{Role: catalog.Reader})
		if err != nil {
			return nil, err
		}
		for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", set} {
			if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
				catalog.Close(ctx, conn)
				return nil, err
			}
		}
		return conn, nil
	}
	holder, err := open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { catalog.Close(context.Background(), holder) })
	row, err := catalog.Row(t.Context(), holder, "SELECT pg_catalog.pg_export_snapshot()")
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (*pgconn.PgConn, error) {
		return open(ctx, "SET TRANSACTION SNAPSHOT "+catalog.Literal(row[0]))
	}
}

func readSide(t *testing.T, open verify.Opener) *verify.Side {
	t.Helper()
	s, err := verify.ReadSide(t.Context(), open, verify.ReadOptions{Encoding: verify.CommonEncoding("UTF8", "UTF8"), Jobs: 3})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The two halves: a source that is read under its snapshot is compared later, when it has gone on.
func TestHalves(t *testing.T) {
	t.Parallel()
	src, dst := pair(t, shop)
	open := snapshotOf(t, src)
	pgtest.Exec(t, src, "UPDATE customer SET name = 'later'; DROP INDEX orders_customer; INSERT INTO log VALUES (1, 'more')")
	source := readSide(t, open)
	pgtest.Exec(t, src, "DROP TABLE log CASCADE")
	wantEqual(t, verify.Compare(source, readSide(t, snapshotOf(t, dst)), verify.Choices{}))

	pgtest.Exec(t, dst, "DELETE FROM customer WHERE id = 1000")
	target := snapshotOf(t, dst)
	r := verify.Compare(source, readSide(t, target), verify.Choices{})
	want(t, r, "rows | table public.customer: 1000 rows on the source, 999 on the target")
	if err := verify.Locate(t.Context(), open, target, source, readSide(t, target), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, "rows | table public.customer: 1000 rows on the source, 999 on the target: 1 missing", "row with id = 1000: missing")
}

// A snapshot reads a table that was truncated since as empty (FACTS.md 1): nobody knows what was in it.
func TestTruncatedMeanwhile(t *testing.T) {
	t.Parallel()
	src, dst := pair(t, shop)
	open := snapshotOf(t, src)
	pgtest.Exec(t, src, "TRUNCATE log")
	pgtest.Exec(t, dst, "TRUNCATE log")
	r := verify.Compare(readSide(t, open), readSide(t, snapshotOf(t, dst)), verify.Choices{})
	want(t, r, "unverified | table public.log: on the source: its rows could not be read: it was truncated, rewritten or renamed")
}

// Sessions that are lost end it; a cancelled context too. Nothing is said to be equal then.
func TestEnds(t *testing.T) {
	t.Parallel()
	src, dst := pair(t, shop)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	outcome, err := verify.Databases(ctx, verify.Options{Source: src, Target: dst, Step: func(text string) {
		if strings.HasPrefix(text, "reading") {
			cancel(cause)
		}
	}})
	if !errors.Is(err, cause) || outcome.Result != nil {
		t.Errorf("a cancelled verification says %v, %v", err, outcome.Result)
	}
	var notStarted *verify.NotStarted
	_, err = verify.Databases(t.Context(), verify.Options{Source: src, Target: "postgres://x@127.0.0.1:1/x"})
	if !errors.As(err, &notStarted) || !strings.HasPrefix(err.Error(), "target: ") {
		t.Errorf("no server: %v", err)
	}
	open := snapshotOf(t, src)
	_, err = verify.ReadSide(t.Context(), func(ctx context.Context) (*pgconn.PgConn, error) {
		conn, err := open(ctx)
		if err == nil {
			pgtest.Exec(t, src, fmt.Sprintf("SELECT pg_terminate_backend(%d)", conn.PID()))
		}
		return conn, err
	}, verify.ReadOptions{Jobs: 1})
	if err == nil {
		t.Error("a side was read over a session that was ended")
	}
}
