package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/progress"
)

// job is one task of a made-up transfer and what happens to it.
type job struct {
	phase       progress.Phase
	kind, name  string
	table       string
	start, end  time.Duration
	rows, bytes int64
	err         string
}

// play runs jobs, which must be in order of start and one after another within ends, through a real tracker,
// on the fake clock of a synctest bubble, and calls look every second.
func play(tr *progress.Tracker, jobs []job, look func()) {
	var tasks []progress.Task
	last := time.Duration(0)
	for i, j := range jobs {
		tasks = append(tasks, progress.Task{
			ID: i, Phase: j.phase, Kind: j.kind, Name: j.name, Table: j.table, Bytes: j.bytes * 95 / 100, Rows: j.rows * 98 / 100,
		})
		last = max(last, j.end)
	}
	tr.Plan(tasks)
	running := map[int]*progress.Running{}
	var workers crew
	const step = 50 * time.Millisecond
	for now := time.Duration(0); now <= last; now += step {
		for i, j := range jobs {
			if r := running[i]; r != nil {
				r.AddBytes(j.bytes * int64(step) / int64(j.end-j.start))
				r.AddRows(j.rows * int64(step) / int64(j.end-j.start))
			}
			if j.end == now {
				if running[i] == nil { // it took no time
					running[i] = tr.Start(i)
					running[i].By(workers.take(i, j.phase))
				}
				end(running[i], j)
				delete(running, i)
				workers.leave(i)
			}
			if j.start == now && j.end > now {
				running[i] = tr.Start(i)
				running[i].By(workers.take(i, j.phase))
			}
		}
		if now%time.Second == 0 {
			look()
		}
		time.Sleep(step)
	}
}

// crew gives each task in work a worker of its own. Its keys are workers' names, its values tasks.
type crew map[string]int

func (l *crew) take(task int, phase progress.Phase) progress.Worker {
	name, first := "build", uint32(500)
	if phase == progress.Data {
		name, first = "copy", 400
	}
	if *l == nil {
		*l = crew{}
	}
	for i := uint32(1); ; i++ {
		w := progress.Worker{Name: fmt.Sprint(name, " ", i), TargetPID: first + i}
		if phase == progress.Schema {
			w = progress.Worker{Name: "schema", TargetPID: 499}
		}
		if phase == progress.Data {
			w.SourcePID = 300 + i
		}
		if _, busy := (*l)[w.Name]; !busy {
			(*l)[w.Name] = task
			return w
		}
	}
}

func (l *crew) leave(task int) {
	for name, t := range *l {
		if t == task {
			delete(*l, name)
		}
	}
}

func end(r *progress.Running, j job) {
	if j.err != "" {
		r.Fail(errors.New(j.err))
		return
	}
	var stages []progress.StageTime
	if d := j.end - j.start; j.bytes > 0 {
		stages = []progress.StageTime{
			{Name: "copy-out", Elapsed: d, WaitOut: d * 71 / 100, Busy: d * 29 / 100, Bytes: j.bytes},
			{Name: "copy-in", Elapsed: d, WaitIn: d * 6 / 100, Busy: d * 94 / 100, Bytes: j.bytes},
		}
	}
	r.Done(j.rows, stages)
}

const ms = time.Millisecond

// shop is a transfer as one would see it, with one bad foreign key.
func shop(tr *progress.Tracker, look func()) {
	const (
		schema, data, indexes = progress.Schema, progress.Data, progress.Indexes
		constraints, finish   = progress.Constraints, progress.Finish
		td, fk                = progress.TableData, "FK CONSTRAINT"
	)
	tr.Step("connecting")
	// Off the ticks of an observer: at one moment of the fake clock goroutines have no order.
	time.Sleep(110 * ms)
	tr.Step("pg_dump: waiting for the table of contents")
	time.Sleep(2 * time.Second)
	tr.Skip(progress.LeftOut{
		Object: "subscription orders_from_eu",
		Reason: "a copied subscription would take the changes meant for the source; create it by hand",
	})
	const t = "public."
	play(tr, []job{
		{schema, "SCHEMA", "shop", "", 0, 50 * ms, 0, 0, ""},
		{schema, "TABLE", "public.orders", "", 50 * ms, 400 * ms, 0, 0, ""},
		{schema, "FUNCTION", "public.total(integer)", "", 400 * ms, 950 * ms, 0, 0, ""},
		{data, td, "public.line_items", t + "line_items", 950 * ms, 48 * time.Second, 6_001_215, 753_862_072, ""},
		{data, td, "public.orders", t + "orders", 950 * ms, 15 * time.Second, 1_500_000, 170_452_161, ""},
		{data, td, "public.events_2024", t + "events_2024", 950 * ms, 13 * time.Second, 2_000_000, 241_000_000, ""},
		{data, td, "public.customers", t + "customers", 13 * time.Second, 15 * time.Second, 150_000, 24_196_144, ""},
		{data, td, "public.products", t + "products", 15 * time.Second, 17 * time.Second, 200_000, 23_935_125, ""},
		{data, "BLOBS", "large objects", "", 15 * time.Second, 21 * time.Second, 312, 98_304_000, ""},
		{data, td, "受注管理.得意先マスタ_二〇二四年度_東日本営業本部", "受注管理.得意先マスタ_二〇二四年度_東日本営業本部", 17 * time.Second, 18 * time.Second, 8_000, 1_400_112, ""},
		{indexes, "INDEX", "public.orders_customer_idx", t + "orders", 18 * time.Second, 19100 * ms, 0, 0, ""},
		{data, td, "archive.a_name_of_sixty_three_bytes_as_long_as_postgresql_will_let_it_be", "archive.a_name_of_sixty_three_bytes_as_long_as_postgresql_will_let_it_be", 19 * time.Second, 19500 * ms, 41, 2_214, ""},
		{data, td, "public.regions", t + "regions", 19500 * ms, 19550 * ms, 5, 389, ""},
		{data, td, "public.nations", t + "nations", 19550 * ms, 19600 * ms, 25, 2_199, ""},
		{data, td, "public.settings", t + "settings", 19600 * ms, 19600 * ms, 1, 0, ""},
		{data, td, "public.empty", t + "empty", 19600 * ms, 19600 * ms, 0, 0, ""},
		{data, "SEQUENCE SET", "public.orders_id_seq", "", 48 * time.Second, 48 * time.Second, 0, 0, ""},
		{indexes, "INDEX", "public.events_2024_payload_idx", t + "events_2024", 20 * time.Second, 71 * time.Second, 0, 0, ""},
		{indexes, "CONSTRAINT", "public.line_items_pkey", t + "line_items", 48 * time.Second, 61500 * ms, 0, 0, ""},
		{indexes, "CONSTRAINT", "public.orders_pkey", t + "orders", 49 * time.Second, 50500 * ms, 0, 0, ""},
		{constraints, progress.Analyze, "public.orders", t + "orders", 50500 * ms, 51 * time.Second, 0, 0, ""},
		{indexes, "INDEX", "受注管理.得意先マスタ_名称_idx", "受注管理.得意先マスタ", 50 * time.Second, 50 * time.Second, 0, 0, ""},
		{constraints, progress.Analyze, "public.line_items", t + "line_items", 61500 * ms, 63 * time.Second, 0, 0, ""},
		{constraints, progress.Analyze, "public.events_2024", t + "events_2024", 71 * time.Second, 71700 * ms, 0, 0, ""},
		{constraints, fk, "public.line_items line_items_product_fkey", t + "line_items", 71 * time.Second, 71 * time.Second, 0, 0, ""},
		{constraints, "VALIDATE", "public.line_items line_items_product_fkey", t + "line_items", 71 * time.Second, 75 * time.Second, 0, 0, ""},
		{constraints, fk, "public.orders orders_customer_fkey", t + "orders", 71 * time.Second, 73 * time.Second, 0, 0, "insert or update on table \"orders\" violates foreign key constraint \"orders_customer_fkey\" (SQLSTATE 23503)\nDETAIL: Key (customer_id)=(4711) is not present in table \"customers\"."},
		{constraints, "TRIGGER", "public.orders orders_touch", t + "orders", 75 * time.Second, 75 * time.Second, 0, 0, ""},
		{finish, "MATERIALIZED VIEW DATA", "public.sales_by_month", t + "sales_by_month", 75 * time.Second, 88 * time.Second, 0, 0, ""},
		{finish, "ACL", "public.orders", "", 88 * time.Second, 88100 * ms, 0, 0, ""},
	}, func() {
		look()
		describe(tr)
		if s := tr.Snapshot(); s.Elapsed > 5*time.Second && len(s.Warnings) == 0 {
			tr.Warn(progress.Warning{Object: "extension plpgsql", Message: "the comment was not set: must be owner of extension plpgsql (SQLSTATE 42501)"})
		}
	})
	tr.Finish()
}

// describe says of the tasks in work what servers would say.
func describe(tr *progress.Tracker) {
	for _, r := range tr.Snapshot().Running {
		second := int64(r.Elapsed / time.Second)
		switch {
		case r.Task.Phase == progress.Indexes:
			tr.Describe(r.Task.ID, progress.Detail{
				Activity: "building index: scanning table", Done: second * 4001, Total: 242_424, Unit: "blocks", Parallel: 2,
			})
		case r.Task.Kind == progress.Analyze:
			tr.Describe(r.Task.ID, progress.Detail{Activity: "acquiring sample rows", Done: second * 9000, Total: 30_000, Unit: "blocks"})
		case r.Task.Name == "public.sales_by_month" && second > 3:
			tr.Describe(r.Task.ID, progress.Detail{TargetWait: "Lock: relation", BlockedBy: []progress.Blocker{
				{Server: "target", PID: 4711, Application: "psql", User: "bob", State: "idle in transaction", QueryStart: time.Now().Add(-2 * time.Minute)},
			}})
		}
	}
}

func shopReport(t *testing.T) (r Report) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		tr := progress.New()
		shop(tr, func() { tr.Snapshot() })
		r = Report{
			Version: "0.1.0", Command: "copy",
			Source: Endpoint{"db1.example.org", 5432, "shop", "migrator", "15.18", ""},
			Target: Endpoint{"/var/run/postgresql", 5433, "shop_new", "postgres", "17.11", ""},
			PgDump: Program{"/usr/lib/postgresql/17/bin/pg_dump", "17.11"},
			Jobs:   3, IndexJobs: 2, Builders: "maintenance_work_mem 64 MiB, 2 parallel workers", Options: []string{"continue on errors", "rate limit 50 MB/s", "without owners"},
			Snapshot: "00000003-0000001B-1",
			Outcome:  CompleteWithFailures, ExitCode: 2,
			Progress: tr.Snapshot(),
		}
	})
	return r
}

// hugeReport has the largest figures and the longest times.
func hugeReport(t *testing.T) (r Report) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		tr := progress.New()
		tr.Plan([]progress.Task{
			{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.measurements"},
			{ID: 2, Phase: progress.Indexes, Kind: "INDEX", Name: "public.measurements_" + strings.Repeat("x", 70)},
			{ID: 3, Phase: progress.Constraints, Kind: "CHECK CONSTRAINT", Name: "public.measurements positive"},
		})
		d := tr.Start(1)
		time.Sleep(26*time.Hour + 3*time.Minute)
		tr.Snapshot()
		d.AddBytes(12_345_678_901_234)
		time.Sleep(5 * time.Second)
		d.Done(98_765_432_109, nil)
		i := tr.Start(2)
		time.Sleep(103*time.Hour + 59*time.Minute + 59*time.Second)
		i.Done(0, nil)
		tr.Start(3)
		time.Sleep(59*time.Minute + 59*time.Second + 990*ms)
		tr.Finish()
		r = Report{
			Version: "0.1.0", Command: "copy", Outcome: Cancelled, ExitCode: 130,
			Source:   Endpoint{"2001:db8::1", 5432, "metrics", "m", "18.6", ""},
			Target:   Endpoint{Host: "db2", Port: 5432, Database: "metrics"},
			Error:    "interrupted (SIGINT)",
			Progress: tr.Snapshot(),
		}
	})
	return r
}

// emptyReport is a copy of a database with nothing in it.
func emptyReport(t *testing.T) (r Report) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		tr := progress.New()
		tr.Plan([]progress.Task{
			{ID: 1, Phase: progress.Data, Kind: progress.TableData, Name: "public.t"},
			{ID: 2, Phase: progress.Schema, Kind: "TABLE", Name: "public.t"},
		})
		s := tr.Start(2)
		time.Sleep(300 * time.Microsecond)
		s.Done(0, nil)
		tr.Start(1).Done(0, nil)
		time.Sleep(12 * ms)
		tr.Finish()
		r = Report{Version: "0.1.0", Command: "copy", Jobs: 1, Outcome: Complete, Progress: tr.Snapshot()}
	})
	return r
}

// refusedReport is a transfer that ended before there was a plan.
func refusedReport(t *testing.T) (r Report) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		tr := progress.New()
		tr.Step("connecting")
		time.Sleep(31 * ms)
		tr.Finish()
		r = Report{
			Version: "0.1.0", Command: "copy", Outcome: Failed, ExitCode: 1,
			Source:   Endpoint{"db1", 5432, "shop", "migrator", "15.18", ""},
			Error:    "target db2:5432/shop: it holds 37 tables; use --clean --confirm shop to drop them, or choose an empty database",
			Progress: tr.Snapshot(),
		}
	})
	return r
}
