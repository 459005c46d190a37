package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
	"pgsluice/internal/transfer"
)

// files are those in the store, with their temporary ones.
func (w *world) files() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.store)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A dump is there when it is whole, is restored, and both databases are equal.
func TestDumpAndRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, bigTable("big")+"CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)")
	e, _ := w.start("one")
	dump := work.Spec{Kind: work.Dump, Source: "prod", Target: "local", Options: work.Options{Compress: "gzip:1", RateLimit: 2_000_000}}
	id := w.create(e, dump).ID
	w.untilMoved(e, id, 100_000)
	if files := w.files(); id != "b001" || len(files) != 1 || files[0] == "b001.dump" {
		t.Errorf("%s while it runs: %v", id, files)
	}
	w.change(e, id, want(work.WantPause))
	w.untilState(id, work.Paused)
	w.change(e, id, want(work.WantRun))
	w.change(e, id, rate(0))
	got := w.untilState(id, work.Completed)
	if files := w.files(); got.File != "b001.dump" || got.Totals.Written == 0 || got.Totals.Rows != 2001 || len(files) != 1 || files[0] != got.File {
		t.Errorf("%+v, %v", got, files)
	}
	stores, err := e.Stores(t.Context())
	if err != nil || len(stores) != 1 || stores[0].Files != 1 || stores[0].Bytes < got.Totals.Written || stores[0].Free <= 0 {
		t.Errorf("stores: %+v, %v", stores, err)
	}
	restore := work.Spec{Kind: work.Restore, Target: "staging", Dump: id}
	preview, err := e.Plan(t.Context(), restore)
	if err != nil || preview.Refused || preview.Rows != 2001 {
		t.Errorf("plan: %+v, %v", preview, err)
	}
	made := w.create(e, restore)
	if got := w.untilState(made.ID, work.Completed); made.ID != "r002" || got.Totals.Rows != 2001 {
		t.Errorf("%+v", got)
	}
	pgtest.DBDiff(t, w.src, w.dst)
	verify := work.Spec{Kind: work.Verify, Source: "prod", Target: "staging"}
	if got := w.untilState(w.create(e, verify).ID, work.Completed); got.Equal == nil || !*got.Equal || got.Warnings != 0 {
		t.Errorf("verified: %+v", got)
	}
	pgtest.Exec(t, w.dst, "DELETE FROM a")
	id = w.create(e, verify).ID
	if got := w.untilState(id, work.Completed); got.Equal == nil || *got.Equal || got.Warnings == 0 {
		t.Errorf("verified: %+v", got)
	}
	report, err := e.Report(t.Context(), id)
	var r struct{ Verdict string }
	if err != nil || json.Unmarshal(report, &r) != nil || r.Verdict != "different" {
		t.Errorf("report: %s, %v", report, err)
	}
}

// What a killed daemon has left of a dump goes when it is begun anew; a canceled one leaves nothing.
func TestHalfDumps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, bigTable("big"))
	if err := os.Mkdir(w.store, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".b001.dump.part-00000001", ".b002.dump.part-00000001"} {
		if err := os.WriteFile(filepath.Join(w.store, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, _ := w.start("one")
	id := w.create(e, work.Spec{Kind: work.Dump, Source: "prod", Target: "local", Options: work.Options{RateLimit: 1_000_000}}).ID
	w.untilMoved(e, id, 100_000)
	w.change(e, id, want(work.WantCancel))
	w.untilState(id, work.Canceled)
	if files := w.files(); len(files) != 1 || files[0] != ".b002.dump.part-00000001" {
		t.Errorf("left: %v", files)
	}
}

// No name leads out of a store, and no link either.
func TestStoreKeepsToItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(dir, "b001.dump")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &directory{path: filepath.Join(dir, "a", "store")}
	if files, err := d.List(t.Context()); err != nil || len(files) > 0 {
		t.Errorf("list of none: %v, %v", files, err)
	}
	if free, err := d.Free(t.Context()); err != nil || free <= 0 {
		t.Errorf("free of none: %v, %v", free, err)
	}
	for _, name := range []string{"../../b001.dump", "..", "", "b001", "/etc/passwd", "b001.dump/x", ".b001.dump", "b001.dump\x00"} {
		if _, err := d.Create(t.Context(), name); err == nil {
			t.Errorf("created %q", name)
		}
		if _, err := d.Open(t.Context(), name); err == nil {
			t.Errorf("opened %q", name)
		}
		if err := d.Remove(t.Context(), name); err == nil {
			t.Errorf("removed %q", name)
		}
	}
	if err := d.Remove(t.Context(), "b001.dump"); err != nil {
		t.Errorf("of no store: %v", err)
	}
	sink, err := d.Create(t.Context(), "b002.dump")
	if err != nil {
		t.Fatal(err)
	}
	var opt transfer.DumpOptions
	if sink.Into(&opt); opt.Path != filepath.Join(d.path, "b002.dump") {
		t.Errorf("path %s", opt.Path)
	}
	if err := os.Symlink(outside, filepath.Join(d.path, "b001.dump")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(t.Context(), "b001.dump"); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("opened a link: %v", err)
	}
	if files, err := d.List(t.Context()); err != nil || len(files) > 0 {
		t.Errorf("a link is listed: %v, %v", files, err)
	}
	if err := d.Remove(t.Context(), "b001.dump"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error("what the link led to is gone")
	}
	if _, err := d.Open(t.Context(), "b003.dump"); !os.IsNotExist(err) {
		t.Errorf("of none: %v", err)
	}
}

// nightly is a schedule of dumps.
func nightly() work.Schedule {
	return work.Schedule{
		Name: "nightly", Cron: "30 2 * * *", TimeZone: "Europe/Berlin", Spec: work.Spec{Kind: work.Dump, Source: "prod", Target: "local"},
		Retention: work.Retention{Last: 2},
	}
}

// A schedule makes one transfer a tick, whatever the number of engines, of those that were missed the latest; and keeps what it should.
func TestSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pgtest.Exec(t, w.src, "CREATE TABLE a AS SELECT 1 AS id")
	w.setClock("2026-06-01T12:00:00Z")
	e, _ := w.start("one")
	w.start("two")
	put, err := e.PutSchedule(t.Context(), nightly(), "tester")
	if err != nil || !put.Next.Equal(at(t, "2026-06-02T00:30:00Z")) || put.By != "tester" {
		t.Fatalf("%+v, %v", put, err)
	}
	tick := func(now string, n int) (id string) {
		t.Helper()
		w.setClock(now)
		id = w.untilMade(n)
		w.untilState(id, work.Completed)
		return id
	}
	first := tick("2026-06-02T00:30:00Z", 1)
	second := tick("2026-06-03T09:00:00Z", 2)
	third := tick("2026-06-07T09:00:00Z", 3) // three ticks are missed
	var warned bool
	for ev, err := range e.Events(t.Context(), third, 0) {
		if err != nil {
			t.Fatal(err)
		}
		warned = warned || ev.Name == "warning" && strings.Contains(string(ev.Data), "3 earlier ticks")
	}
	if !warned {
		t.Error("nobody says that ticks were missed")
	}
	w.until(first, "it has expired", func(t *work.Transfer) bool { return t.Expired })
	pgtest.Poll(patience, func() bool { return len(w.files()) <= 2 })
	if files := w.files(); len(files) != 2 || files[0] != second+".dump" || files[1] != third+".dump" {
		t.Errorf("kept: %v", files)
	}
	all, err := e.Transfers(t.Context(), work.Filter{})
	if err != nil || len(all) != 3 || all[0].Schedule != "nightly" {
		t.Errorf("%d transfers, %v", len(all), err)
	}
	list, err := e.Schedules(t.Context())
	if err != nil || len(list) != 1 || list[0].LastID != third || !list[0].Last.Equal(at(t, "2026-06-07T00:30:00Z")) || !list[0].Next.Equal(at(t, "2026-06-08T00:30:00Z")) {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := e.Create(t.Context(), work.Spec{Kind: work.Restore, Target: "staging", Dump: first}, "tester"); !isInvalid(err) {
		t.Errorf("restore of an expired one: %v", err)
	}
}

// Ticks of the time in which a schedule was suspended, or another, are nobody's.
func TestSuspendedSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setClock("2026-06-01T12:00:00Z")
	e := w.engine("idle")
	s := nightly()
	s.Suspended = true
	if put, err := e.PutSchedule(t.Context(), s, "tester"); err != nil || !put.Next.IsZero() {
		t.Errorf("suspended: %+v, %v", put, err)
	}
	w.setClock("2026-06-05T12:00:00Z")
	s.Suspended = false
	if put, err := e.PutSchedule(t.Context(), s, "other"); err != nil || !put.Next.Equal(at(t, "2026-06-06T00:30:00Z")) || put.By != "tester" {
		t.Errorf("then: %+v, %v", put, err)
	}
	for field, change := range map[string]func(*work.Schedule){
		"name":        func(s *work.Schedule) { s.Name = "../x" },
		"cron":        func(s *work.Schedule) { s.Cron = "61 * * * *" },
		"time_zone":   func(s *work.Schedule) { s.TimeZone = "Mars/Base" },
		"retention":   func(s *work.Schedule) { s.Retention.Days = -1 },
		"spec.target": func(s *work.Schedule) { s.Spec.Target = "nowhere" },
	} {
		s := nightly()
		change(&s)
		if _, err := e.PutSchedule(t.Context(), s, "tester"); !isInvalid(err) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := e.DeleteSchedule(t.Context(), "nightly"); err != nil {
		t.Error(err)
	}
	if err := e.DeleteSchedule(t.Context(), "nightly"); !isNotFound(err) {
		t.Errorf("again: %v", err)
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// untilMade waits for the nth transfer and returns its id. Two daemons that see the same tick leave a gap in the numbers.
func (w *world) untilMade(n int) string {
	w.t.Helper()
	var all []work.Transfer
	made := pgtest.Poll(patience, func() (so bool) {
		var err error
		all, err = w.queue.List(w.t.Context(), work.Filter{})
		return err == nil && len(all) == n
	})
	if !made {
		w.t.Fatalf("transfer %d was never made", n)
	}
	return all[0].ID
}
