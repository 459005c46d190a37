package ledger

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/catalog"
	"pgsluice/internal/pgtest"
)

func session(t *testing.T, url, application string) *pgconn.PgConn {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = application
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { catalog.Close(t.Context(), conn) })
	return conn
}

func exec(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

var (
	header = Header{
		ID: "X", Source: "shop at old.example port 5432", Database: "shop", Choices: "--no-owner", PgDump: "15.1", Plan: "abc", Fence: 1,
		Splits: map[string]catalog.Split{`public."a b"`: {Cuts: []int64{1, 1 << 40}}, "public.k": {Column: `a "b`, Cuts: []int64{-5}}},
	}
	snapshot1 = Snapshot{Number: 1, Name: "00000003-1", Cluster: "77", Timeline: "00000001", XIDs: "700:700:"}
	entries   = []Entry{
		{Key: "a", Phase: "data", Kind: "TABLE DATA", Name: `public."a ""b"" {c},\d` + "\n" + `';drop"`, Bytes: 1 << 40, Rows: 12},
		{Key: "b", Phase: "data", Kind: "TABLE DATA", Name: "public.b"},
	}
)

func created(t *testing.T) (url string, conn *pgconn.PgConn) {
	t.Helper()
	url = pgtest.Database(t)
	conn = session(t, url, "pgsluice ledger")
	if err := Create(t.Context(), conn, header, snapshot1, entries, ""); err != nil {
		t.Fatal(err)
	}
	return url, conn
}

// What is written is read, and nothing is left of it in the end.
func TestLedger(t *testing.T) {
	t.Parallel()
	url, conn := created(t)
	if there, err := There(t.Context(), session(t, url, "x")); err != nil || !there {
		t.Errorf("there %v, error %v", there, err)
	}
	done := Record{Key: "a", Fence: 1, Snapshot: 1}
	if err := done.Begin(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := done.Commit(t.Context(), conn, 12, 345); err != nil {
		t.Fatal(err)
	}
	if err := Failed(t.Context(), conn, "b", "no room"); err != nil {
		t.Fatal(err)
	}
	s, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	s.Started = time.Time{}
	if !reflect.DeepEqual(s.Header, header) {
		t.Errorf("header %+v", s.Header)
	}
	want := append([]Entry{}, entries...)
	want[1].Error = "no room"
	if !reflect.DeepEqual(s.Entries, want) {
		t.Errorf("entries %+v", s.Entries)
	}
	if d := s.Done["a"]; len(s.Done) != 1 || d.Rows != 12 || d.Bytes != 345 || d.Snapshot != 1 || time.Since(d.Finished).Abs() > time.Hour {
		t.Errorf("done %+v", s.Done)
	}
	if len(s.Snapshots) != 1 || !s.Snapshots[0].Same(snapshot1) {
		t.Errorf("snapshots %+v", s.Snapshots)
	}
	if rows, bytes, err := done.Counted(t.Context(), conn); rows != 12 || bytes != 345 || err != nil {
		t.Errorf("counted %d, %d, %v", rows, bytes, err)
	}
	exec(t, conn, Empty)
	if there, err := There(t.Context(), conn); err != nil || there {
		t.Errorf("emptied: there %v, error %v", there, err)
	}
	exec(t, conn, Drop)
	if s, err := Read(t.Context(), conn); s != nil || err != nil {
		t.Errorf("dropped: %v, error %v", s, err)
	}
}

// A second attempt waits for the first and learns how that went.
func TestSecondAttempt(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]error{"COMMIT": ErrDone, "ROLLBACK": nil} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			url, conn := created(t)
			first, second := session(t, url, "pgsluice copy-in"), session(t, url, "pgsluice copy-in")
			rec := Record{Key: "a", Fence: 1, Snapshot: 1}
			if err := rec.Begin(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			got := make(chan error, 1)
			go func() { got <- rec.Begin(t.Context(), second) }()
			for !isWaiting(t, conn, second.PID()) {
			}
			exec(t, first, end)
			if err := <-got; !errors.Is(err, want) {
				t.Errorf("the second attempt: %v, want %v", err, want)
			}
		})
	}
}

func isWaiting(t *testing.T, conn *pgconn.PgConn, pid uint32) bool {
	t.Helper()
	row, err := catalog.Row(t.Context(), conn, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "+oneOfOurs(pid))
	if err != nil {
		t.Fatal(err)
	}
	return row[0] == "1"
}

// Who has taken over waits for what may still commit, and then nothing under the old fence can.
func TestFence(t *testing.T) {
	t.Parallel()
	url, conn := created(t)
	old := session(t, url, "pgsluice copy-in")
	if err := (Record{Key: "a", Fence: 1, Snapshot: 1}).Begin(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	raised := make(chan error, 1)
	taker := session(t, url, "pgsluice ledger")
	go func() {
		fence, err := Raise(t.Context(), taker)
		if fence != 2 && err == nil {
			err = errors.New("another fence")
		}
		raised <- err
	}()
	for !isWaiting(t, conn, taker.PID()) {
	}
	exec(t, old, "COMMIT")
	if err := <-raised; err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"b", "a"} {
		if err := (Record{Key: key, Fence: 1, Snapshot: 1}).Begin(t.Context(), old); !errors.Is(err, ErrFenced) {
			t.Errorf("under the old fence: %v", err)
		}
		exec(t, old, "ROLLBACK")
	}
	again := Record{Key: "a", Fence: 2, Snapshot: 1, Again: true}
	if err := again.Begin(t.Context(), old); err != nil {
		t.Errorf("what is done by each run: %v", err)
	}
	exec(t, old, "COMMIT; "+Drop)
	if err := again.Begin(t.Context(), old); !errors.Is(err, ErrFenced) {
		t.Errorf("without a ledger: %v", err)
	}
	exec(t, old, "ROLLBACK")
	if _, err := Enter(t.Context(), old, "x", 2); !errors.Is(err, ErrFenced) {
		t.Errorf("a session without a ledger: %v", err)
	}
}

// Backends of earlier runs are ended, by their names or their pids, and no others.
func TestEndOld(t *testing.T) {
	t.Parallel()
	url, conn := created(t)
	named, stranger, renamed := session(t, url, "pgsluice post-data"), session(t, url, "psql"), session(t, url, "pgsluice copy-in")
	if crashed, err := Enter(t.Context(), renamed, "copy-in", 1); crashed || err != nil {
		t.Fatalf("crashed %v, error %v", crashed, err)
	}
	exec(t, renamed, "SET application_name = 'another'")
	if err := EndOld(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []*pgconn.PgConn{named, renamed} {
		if _, err := catalog.Row(t.Context(), gone, "SELECT 1"); err == nil {
			t.Error("a backend was not ended")
		}
	}
	exec(t, stranger, "SELECT 1")
	if err := EndBackend(t.Context(), conn, stranger.PID()); err != nil {
		t.Fatal(err)
	}
	exec(t, stranger, "SELECT 1")
}

// One holds the claim; who lives keeps it, and who waits gets it when its holder has gone.
func TestClaim(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	first, second := session(t, url, "pgsluice ledger"), session(t, url, "pgsluice ledger")
	if err := Claim(t.Context(), first, false); err != nil {
		t.Fatal(err)
	}
	var busy *Busy
	if err := Claim(t.Context(), second, false); !errors.As(err, &busy) || !strings.Contains(err.Error(), busy.PID) || busy.PID == "" {
		t.Errorf("claimed twice: %v", err)
	}
	got := make(chan error, 1)
	go func() { got <- Claim(t.Context(), second, true) }()
	for alive := true; alive; {
		exec(t, first, "SELECT 'alive'")
		select {
		case err := <-got:
			alive = false
			if !errors.As(err, &busy) {
				t.Errorf("taken from one who lives: %v", err)
			}
		default:
		}
	}
	go func() { got <- Claim(t.Context(), second, true) }()
	catalog.Close(t.Context(), first)
	if err := <-got; err != nil {
		t.Errorf("not taken from one who has gone: %v", err)
	}
}
