package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/pgtest"
)

// A table that is read in parts has the digest of the whole, and each page of it is read once.
func TestParts(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE t AS SELECT i, repeat('x', 100) FROM generate_series(1, 10000) i")
	address, err := catalog.ParseAddress(url)
	if err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context) (*pgconn.PgConn, error) {
		conn, err := catalog.OpenSession(ctx, address, catalog.SessionOptions{Role: catalog.Reader})
		if err == nil {
			_, err = conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").ReadAll()
		}
		return conn, err
	}
	read := func(pages int64) *Table {
		s := &Side{options: ReadOptions{Jobs: 3, Meter: &Meter{}}, partPages: pages, Tables: map[string]*Table{}, Sequences: map[string]Sequence{}, LargeObjects: map[uint32]LargeObject{}}
		if _, err := s.read(t.Context(), open); err != nil {
			t.Fatal(err)
		}
		c := s.options.Meter.Count()
		if c.Tables != 1 || c.TablesDone != 1 || c.Rows != 10000 || c.Bytes == 0 || c.BytesDone > c.Bytes || c.BytesDone < c.Bytes*9/10 {
			t.Errorf("the meter says %+v", c)
		}
		return s.Tables["public.t"]
	}
	whole := read(1 << 30)
	for _, pages := range []int64{1, 7, 100, whole.pages - 1, whole.pages} {
		if part := read(pages); part.Digest != whole.Digest || !part.Read {
			t.Errorf("in parts of %d pages: %+v, read %v; whole: %+v", pages, part.Digest, part.Read, whole.Digest)
		}
	}
}

func TestPartConditions(t *testing.T) {
	t.Parallel()
	s := &Side{Version: 150000, partPages: 10}
	for _, c := range []struct {
		table Table
		want  []string
	}{
		{Table{heap: true, pages: 10}, []string{""}},
		{Table{heap: true, pages: 11}, []string{"t.ctid >= '(0,0)' AND t.ctid < '(10,0)'", "t.ctid >= '(10,0)'"}},
		{Table{heap: true, pages: 20}, []string{"t.ctid >= '(0,0)' AND t.ctid < '(10,0)'", "t.ctid >= '(10,0)'"}},
		{Table{pages: 1000}, []string{""}},
	} {
		if got := s.parts(&c.table); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q", c.want, got)
		}
	}
	s.Version = 130000
	if got := s.parts(&Table{heap: true, pages: 1000}); len(got) != 1 {
		t.Errorf("version 13 reads the whole table for each of %d ranges", len(got))
	}
}

func TestDigestAdds(t *testing.T) {
	t.Parallel()
	a := Digest{Rows: 1, First: "9223372036854775807", Second: "-9223372036854775808"}
	if got, want := a.add(a).add(Digest{}), (Digest{Rows: 2, First: "18446744073709551614", Second: "-18446744073709551616"}); got != want {
		t.Errorf("%+v", got)
	}
}

func TestAlike(t *testing.T) {
	t.Parallel()
	const old = "CREATE VIEW public.v AS\n SELECT orders.id,\n    (orders.total * (2)::numeric) AS total\n   FROM public.orders;"
	for text, want := range map[string]bool{
		old: true,
		"CREATE VIEW public.v AS\n SELECT id,\n    total * 2::numeric AS total\n   FROM public.orders;": true,
		strings.Replace(old, "2", "3", 1):                        false,
		strings.Replace(old, "orders.id", "o.id", 1):             false,
		strings.Replace(old, "public.orders", "other.orders", 1): false,
		strings.Replace(old, "orders.id", "idx", 1):              false,
	} {
		if alike(old, text) != want || alike(text, old) != want {
			t.Errorf("%v: %s", !want, text)
		}
	}
}

func TestSequenceBehind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b Sequence
		want bool
	}{
		{Sequence{LastValue: 1, Increment: 1}, Sequence{LastValue: 2, Increment: 1}, true},
		{Sequence{LastValue: 2, Increment: 1}, Sequence{LastValue: 1, Increment: 1}, false},
		{Sequence{LastValue: 2, Increment: 1}, Sequence{LastValue: 2, IsCalled: true, Increment: 1}, true},
		{Sequence{LastValue: 2, IsCalled: true, Increment: 1}, Sequence{LastValue: 2, Increment: 1}, false},
		{Sequence{LastValue: 1, Increment: -1}, Sequence{LastValue: 2, Increment: -1}, false},
		{Sequence{LastValue: 2, Increment: -1}, Sequence{LastValue: 1, Increment: -1}, true},
	} {
		if got := c.a.behind(c.b); got != c.want {
			t.Errorf("%+v behind %+v: %v", c.a, c.b, got)
		}
	}
}

func TestQuoteShowsTheDifference(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 500)
	got := differsAt("x\n"+long+"1", "x\n"+long+"2")
	if want := fmt.Sprintf(`another definition: "…%s1" on the source, "…%s2" on the target`, long[:50], long[:50]); got != want {
		t.Error(got)
	}
}
