package report

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

// resumed is a transfer that goes on with what an earlier run has left. A backend is ended twice, and the target crashes.
func resumed(tr *progress.Tracker) {
	const lost = "copy-in: ERROR: terminating connection due to administrator command (SQLSTATE 57P01)"
	table := func(id int, name string, rows, bytes int64) progress.Task {
		return progress.Task{ID: id, Phase: progress.Data, Kind: progress.TableData, Name: name, Table: name, Rows: rows, Bytes: bytes}
	}
	tr.Step("connecting")
	time.Sleep(110 * ms)
	tr.Plan([]progress.Task{
		{ID: 0, Phase: progress.Schema, Kind: "TABLE", Name: "public.customers"},
		{ID: 1, Phase: progress.Schema, Kind: "TABLE", Name: "public.orders"},
		table(2, "public.customers", 50, 4_000), table(3, "public.regions", 50, 4_000), table(4, "public.nations", 50, 4_000),
		table(5, "public.orders", 2_000, 20_000_000),
		{ID: 6, Phase: progress.Indexes, Kind: "INDEX", Name: "public.customers_name_idx", Table: "public.customers"},
		{ID: 7, Phase: progress.Indexes, Kind: "INDEX", Name: "public.orders_customer_idx", Table: "public.orders"},
		{ID: 8, Phase: progress.Finish, Kind: "ACL", Name: "public.orders"},
	})
	for id := range 5 {
		if id < 2 {
			tr.Earlier(id, 0, 0)
		} else {
			tr.Earlier(id, 50, 4_321)
		}
	}
	tr.Earlier(6, 0, 0)
	worker := progress.Worker{Name: "copy 1", SourcePID: 301, TargetPID: 401}
	orders := tr.Start(5)
	orders.By(worker)
	for range 2 {
		orders.AddBytes(6_000_000)
		time.Sleep(time.Second)
		orders.Retrying(progress.Retry{Object: "table public.orders", Cause: lost, Wait: 2500 * ms})
		time.Sleep(2500 * ms)
		orders.Again()
		orders.By(worker)
	}
	for range 5 {
		orders.AddBytes(4_000_000)
		time.Sleep(time.Second)
	}
	orders.Done(2_000, nil)
	index := tr.Start(7)
	time.Sleep(2 * time.Second)
	index.Done(0, nil)
	time.Sleep(500 * ms)
	tr.Undo(7)
	tr.Undo(6)
	tr.Warn(progress.Warning{Object: "target", Message: "its server has crashed and recovered; 2 finished tasks were lost with it and done again"})
	for _, id := range []int{6, 7, 8} {
		again := tr.Start(id)
		time.Sleep(1100 * ms)
		again.Done(0, nil)
	}
	tr.Finish()
}

func resumedReport(t *testing.T) (r Report) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		tr := progress.New()
		stop := make(chan struct{})
		go func() { // somebody looks, so that there is a history
			for {
				select {
				case <-stop:
					return
				case <-time.After(333 * ms):
					tr.Snapshot()
				}
			}
		}()
		resumed(tr)
		close(stop)
		r = Report{
			Version: "0.1.0", Command: "copy", Outcome: Complete, Jobs: 4, Options: []string{"--resume mixed"}, Snapshot: "00000003-0000001B-1",
			Source: Endpoint{"db1", 5432, "shop", "migrator", "15.18", ""}, Target: Endpoint{"db2", 5432, "shop_new", "migrator", "17.11", ""},
			Resumed: 6, Mixed: []Mixture{
				{time.Date(2026, 11, 22, 23, 10, 4, 0, time.UTC), []string{"table public.customers", "table public.regions", "table public.nations"}},
				{time.Time{}, []string{"table public.orders"}},
			},
			Progress: tr.Snapshot(),
		}
	})
	return r
}

func resumedEvents(t *testing.T) (text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		stop := followJSON(t.Context(), tr, &b, EventOptions{})
		resumed(tr)
		stop()
		text = b.String()
	})
	return text
}

func TestResumedGolden(t *testing.T) {
	r := resumedReport(t)
	golden(t, "resumed.txt", text(t, r, TextOptions{}))
	golden(t, "resumed.json", jsonText(t, r))
}

// Of a table that an earlier run has copied no time is known: none is shown, and no rate.
func TestNoTimesOfEarlierRuns(t *testing.T) {
	r := resumedReport(t)
	if got := text(t, r, TextOptions{}); strings.Contains(got, "public.regions  ") || strings.Contains(got, "public.customers  ") {
		t.Errorf("a table of an earlier run is listed:\n%s", got)
	}
	for _, l := range htmlTimeline(r).Lanes {
		for _, b := range l.Bars {
			if strings.Contains(b.Title, "public.regions") || strings.Contains(b.Title, "TABLE public") {
				t.Errorf("in the timeline: %s", b.Title)
			}
		}
	}
	page := render(t, r)
	for _, want := range []string{"of mixed snapshots", "Mixed snapshots: the rows are of different moments (2)", "2026-11-22 23:10:04 UTC", "Tried again (2)", "arrived before"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, `class="mark quiet"`); n != 3 {
		t.Errorf("%d tables are marked as those of an earlier run", n)
	}
}

// What a program hears is true after a crash of the target, too: what was done and is so no more is told, and its second end.
func TestEventsOfAResumedTransfer(t *testing.T) {
	list := decode(t, resumedEvents(t))
	counts := map[string]int{"task_earlier": 6, "task_undone": 2, "retry": 2, "task_ended": 5, "task_started": 5}
	for name, want := range counts {
		if got := count(list, name); got != want {
			t.Errorf("%d %s events, want %d", got, name, want)
		}
	}
	last := list[len(list)-1]
	for _, ph := range last["phases"].([]any) {
		if ph := ph.(map[string]any); ph["done"] != ph["total"] {
			t.Errorf("at the end: %v", ph)
		}
	}
	if last["retries"] != 2.0 {
		t.Errorf("the end: %v", last)
	}
}

func TestLinesOfAResumedTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tr := progress.New()
		feed := progress.NewFeed(tr, progress.Tick)
		stop := Follow(t.Context(), feed, &b, LineOptions{Every: 3 * time.Second})
		resumed(tr)
		feed.Close()
		stop()
		golden(t, "resumed_lines.txt", b.String())
	})
}

// A row says that its task waits for another attempt, and why, until the next one is at work.
func TestRowsOfALostAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := progress.New()
		tr.Plan([]progress.Task{{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.orders", Bytes: 1000, Rows: 10}})
		r := tr.Start(1)
		r.AddBytes(500)
		time.Sleep(time.Second)
		r.Retrying(progress.Retry{Object: "table public.orders", Cause: "copy-in: unexpected EOF", Wait: 3 * time.Second})
		time.Sleep(500 * ms)
		shows := func(want string) {
			t.Helper()
			rows := ""
			for _, row := range newBarStyle(false).rows(tr.Snapshot(), 100, 24) {
				rows += row.Text + "\n"
			}
			for _, got := range []string{rows, StatusText(tr.Snapshot(), 200), new(narrator).status(tr.Snapshot())} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
		}
		shows("trying again in 3 s: copy-in: unexpected EOF")
		time.Sleep(2700 * ms)
		shows("trying again: copy-in: unexpected EOF")
		r.Again()
		r.By(progress.Worker{Name: "copy 1"})
		if got := StatusText(tr.Snapshot(), 200); strings.Contains(got, "trying again") || !strings.Contains(got, "500 B moved besides") {
			t.Errorf("after it: %s", got)
		}
	})
}

// While a server is away each table is told once in a while, not with each attempt.
func TestManyRetriesAreFewLines(t *testing.T) {
	var s progress.Snapshot
	for at := time.Duration(0); at < time.Minute; at += 5 * time.Second {
		for _, object := range []string{"table a", "table b"} {
			s.Retries = append(s.Retries, progress.Retry{Object: object, Cause: "connection refused", Wait: 5 * time.Second, At: at})
		}
	}
	s.Retries = append(s.Retries, progress.Retry{Object: "table a", Cause: "no\nroute", Wait: time.Second, At: time.Minute})
	got := new(narrator).news(s)
	if n := strings.Count(got, "connection refused"); n != 4 {
		t.Errorf("%d lines:\n%s", n, got)
	}
	if !strings.Contains(got, `table a: trying again in 1.0 s: no\nroute`) {
		t.Errorf("another cause is not told:\n%s", got)
	}
}
