package transfer

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/ledger"
	"pgsluice/internal/pgtest"
)

func readStatus(t *testing.T, target string) *Status {
	t.Helper()
	s, err := ReadStatus(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A target says how far a copy has come, while it is at work and when it was broken off, and nothing when it is done.
func TestStatus(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	if s := readStatus(t, dst); s.Copy != nil || s.AtWork != nil || s.Target.Database != databaseName(dst) {
		t.Errorf("before: %+v", s)
	}
	halfway(t, src, dst)
	s := readStatus(t, dst)
	k := s.Copy
	if s.AtWork != nil || k == nil || k.Done == 0 || k.Done >= k.Tasks || k.TablesDone() != 3 || len(k.Tables) != 4 || len(k.Snapshots) != 1 {
		t.Fatalf("broken off: %+v", k)
	}
	if k.Latest.Before(k.Began) || time.Since(k.Began) > time.Hour || !strings.Contains(k.Source, databaseName(src)) || k.Options != "" {
		t.Errorf("broken off: %+v", k)
	}
	for _, table := range k.Tables {
		if want := int64(50); table.Name != "public.big" && (table.Rows != want || table.Done != 1) || table.Name == "public.big" && table.Done != 0 {
			t.Errorf("%+v", table)
		}
	}
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Resume: Resume})
	until(t, dst, atGate)
	if w := readStatus(t, dst).AtWork; w == nil || !w.Seen || w.Gone || w.PID == "" {
		t.Errorf("at work: %+v", w)
	}
	open()
	c.ok()
	if s := readStatus(t, dst); s.Copy != nil {
		t.Errorf("done: %+v", s.Copy)
	}
}

// What failed is told with its reason, and no more when it is done.
func TestStatusOfFailures(t *testing.T) {
	t.Parallel()
	state := &ledger.State{
		Snapshots: []ledger.Snapshot{
			{Number: 1, XIDs: "1:1:", Taken: time.Unix(1, 0)},
			{Number: 2, XIDs: "1:1:", Taken: time.Unix(2, 0)},
			{Number: 3, XIDs: "9:9:", Taken: time.Unix(3, 0)},
			{Number: 4, XIDs: "10:10:", Taken: time.Unix(4, 0)},
		},
		Entries: []ledger.Entry{
			{Key: "a1", Phase: "data", Kind: "TABLE DATA", Name: "a", Rows: 5, Bytes: 50},
			{Key: "a2", Phase: "data", Kind: "TABLE DATA", Name: "a", Rows: 5, Bytes: 50},
			{Key: "b", Phase: "data", Kind: "TABLE DATA", Name: "b"},
			{Key: "s", Phase: "data", Kind: "SEQUENCE SET", Name: "s"},
			{Key: "i", Phase: "indexes", Kind: "INDEX", Name: "i", Error: "no"},
			{Key: "j", Phase: "indexes", Kind: "INDEX", Name: "j", Error: "owner: no"},
		},
		Done: map[string]ledger.Done{"a1": {Snapshot: 1, Rows: 4, Bytes: 40}, "a2": {Snapshot: 2, Rows: 3, Bytes: 30}, "b": {Snapshot: 3}, "s": {Snapshot: 4}, "j": {Snapshot: 1}},
	}
	k := keptOf(state)
	if !slices.Equal(k.Tables, []KeptTable{{Name: "a", Parts: 2, Done: 2, Rows: 7, Bytes: 70, ExpectedRows: 10, Expected: 100}, {Name: "b", Parts: 1, Done: 1}}) {
		t.Errorf("tables: %+v", k.Tables)
	}
	if len(k.Failed) != 2 || k.Failed[0].There || !k.Failed[1].There {
		t.Errorf("failed: %+v", k.Failed)
	}
	// the first two see the same, and under the last one no rows were read
	if len(k.Snapshots) != 2 || !slices.Equal(k.Snapshots[0].Tables, []string{"a"}) || !slices.Equal(k.Snapshots[1].Tables, []string{"b"}) {
		t.Errorf("snapshots: %+v", k.Snapshots)
	}
}

// Who may not read it is told so, and so is who can't connect.
func TestStatusRefused(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	role := "status_" + databaseName(dst)
	pgtest.Exec(t, dst, "CREATE ROLE "+role+" LOGIN")
	u, err := url.Parse(dst)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	_, err = ReadStatus(t.Context(), u.String())
	refusedKeeping(t, err, "permission denied")
	_, _, err = Cleanup(t.Context(), u.String())
	refusedKeeping(t, err, "must be owner|permission denied")
	if readStatus(t, dst).Copy == nil {
		t.Error("the ledger is gone")
	}
	_, err = ReadStatus(t.Context(), "postgres://x:geheim@127.0.0.1:1/d")
	refusedKeeping(t, err, "target: d at 127")
	if strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
}

// Cleanup takes the ledger and nothing else, and tells what it said.
func TestCleanup(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	if _, removed, err := Cleanup(t.Context(), dst); err != nil || removed {
		t.Errorf("nothing: %v, %v", removed, err)
	}
	halfway(t, src, dst)
	s, removed, err := Cleanup(t.Context(), dst)
	if err != nil || !removed || s.Copy == nil || s.Copy.TablesDone() != 3 {
		t.Fatalf("%+v, %v, %v", s, removed, err)
	}
	if got := pgtest.Scalar[int](t, dst, "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = '_pgsluice') * 1000 + (SELECT count(*) FROM a)"); got != 50 {
		t.Errorf("left: %d", got)
	}
	_, err = Copy(t.Context(), Options{Source: src, Target: dst, Resume: Resume})
	refusedKeeping(t, err, "nothing to resume")
}

// What is not pgsluice's in its schema, or needs something in it, stays, and then all does.
func TestCleanupSparesOthers(t *testing.T) {
	t.Parallel()
	src, dst := quiet(t)
	halfway(t, src, dst)
	for _, others := range []struct{ make, drop string }{
		{"CREATE VIEW public.mine AS TABLE _pgsluice.ledger", "DROP VIEW public.mine"},
		{"CREATE TABLE _pgsluice.mine ()", "DROP TABLE _pgsluice.mine"},
	} {
		pgtest.Exec(t, dst, others.make)
		_, removed, err := Cleanup(t.Context(), dst)
		refusedKeeping(t, err, "depend on", "DROP SCHEMA _pgsluice CASCADE")
		if removed || readStatus(t, dst).Copy == nil {
			t.Error("the ledger is gone")
		}
		pgtest.Exec(t, dst, others.drop)
	}
	// another version's can't be read, but given up
	pgtest.Exec(t, dst, "UPDATE _pgsluice.transfer SET format = 99")
	_, err := ReadStatus(t.Context(), dst)
	refusedKeeping(t, err, "another version of pgsluice")
	if s, removed, err := Cleanup(t.Context(), dst); err != nil || !removed || s.Copy != nil {
		t.Errorf("%+v, %v, %v", s, removed, err)
	}
}

// While a copy is at work its ledger can't be taken away, and it ends as if nobody had tried.
func TestCleanupRefusesAtWork(t *testing.T) {
	t.Parallel()
	src, dst := sourceAndTarget(t)
	pgtest.Exec(t, src, gate+bigTable("big", "CHECK (gate(id))"))
	open := holdGate(t, dst)
	c := beginCopy(t, Options{Source: src, Target: dst, Jobs: 1})
	until(t, dst, atGate)
	_, removed, err := Cleanup(t.Context(), dst)
	refusedKeeping(t, err, "another pgsluice is writing", "end it first")
	var busy *ledger.Busy
	if removed || !errors.As(err, &busy) || busy.PID == "" {
		t.Errorf("%v, %v", removed, err)
	}
	open()
	c.ok()
	sameTables(t, src, dst)
}

// A copy's end says whether it can be gone on with.
func TestResumable(t *testing.T) {
	t.Parallel()
	begun := &Result{Begun: true, Planned: 5}
	for _, test := range []struct {
		result *Result
		err    error
		want   bool
	}{
		{begun, errInterrupted, true},
		{begun, nil, false},
		{&Result{Begun: true, Planned: 5, Failed: 1}, nil, true},
		{&Result{}, errInterrupted, false},
		{&Result{Begun: true}, errInterrupted, false}, // the ledger could not be made
		{begun, ledger.ErrFenced, false},
		{begun, &ledger.Busy{PID: "1"}, false},
	} {
		if got := Resumable(test.result, test.err); got != test.want {
			t.Errorf("%+v, %v: %v", test.result, test.err, got)
		}
	}
}
