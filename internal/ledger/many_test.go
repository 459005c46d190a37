package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
)

func many(keys ...string) (m Many) {
	for _, key := range keys {
		m = append(m, Record{Key: key, Fence: 1, Snapshot: 1})
	}
	return m
}

// Many are recorded each with what was counted of it, those that each run does again, too.
func TestMany(t *testing.T) {
	t.Parallel()
	_, conn := created(t)
	m := many("a", `b'"\{,}`+"\n", "c")
	m[2].Again = true
	counts := []Counts{{1, 10}, {0, 0}, {3, 1 << 40}}
	if err := m.Begin(t.Context(), conn, "CREATE TABLE made (); CREATE TABLE too ()"); err != nil {
		t.Fatal(err)
	}
	if err := m.Commit(t.Context(), conn, counts); err != nil {
		t.Fatal(err)
	}
	s, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range m {
		if d := s.Done[r.Key]; d.Rows != counts[i].Rows || d.Bytes != counts[i].Bytes || time.Since(d.Finished) > time.Hour {
			t.Errorf("%q: %+v", r.Key, d)
		}
	}
	again := m[2:]
	if err := again.Begin(t.Context(), conn, ""); err != nil {
		t.Fatal(err)
	}
	if err := again.Commit(t.Context(), conn, nil); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "DROP TABLE made, too")
}

// One that is done already, a statement that fails, and a fence that was raised each keep all of them out.
func TestManyOrNone(t *testing.T) {
	t.Parallel()
	_, conn := created(t)
	first := many("a")
	if err := first.Begin(t.Context(), conn, ""); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(t.Context(), conn, nil); err != nil {
		t.Fatal(err)
	}
	stale := many("x", "y")
	stale[0].Fence, stale[1].Fence = 7, 7
	for name, try := range map[string]struct {
		many Many
		then string
		code string
	}{
		"done":   {many("x", "a", "y"), "", uniqueViolation},
		"fails":  {many("x", "y"), "CREATE TABLE made (); SELECT 1 / 0", "22012"},
		"fenced": {stale, "CREATE TABLE made ()", ""},
	} {
		err := try.many.Begin(t.Context(), conn, try.then)
		var refused *pgconn.PgError
		switch {
		case try.code == "" && !errors.Is(err, ErrFenced):
			t.Errorf("%s: %v", name, err)
		case try.code != "" && (!errors.As(err, &refused) || refused.Code != try.code):
			t.Errorf("%s: %v", name, err)
		}
		if name == "fails" {
			if err := try.many.Commit(t.Context(), conn, nil); err == nil {
				t.Error("a failed transaction was committed")
			}
			continue
		}
		exec(t, conn, "ROLLBACK")
	}
	row, err := catalog.Row(t.Context(), conn, "SELECT count(*) FROM _pgsluice.ledger WHERE key <> 'a'")
	if err != nil || row[0] != "0" {
		t.Errorf("%s others are recorded, error %v", row, err)
	}
}
