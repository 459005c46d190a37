package page_test

import (
	"context"
	"errors"
	"strings"
	"time"

	"pgsluice/internal/daemon/work"
	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

// table is one of a made-up database, with what stands on it.
type table struct {
	name  string
	bytes int64
	rows  int64
	built []string // indexes; one that begins with ! can't be built
}

var shop = []table{
	{"public.line_items", 753_862_072, 6_001_215, []string{"public.line_items_pkey", "public.line_items_product_idx"}},
	{"public.events_2024", 61_000_000, 500_000, []string{"public.events_2024_payload_idx"}},
	{"public.orders", 170_452_161, 1_500_000, []string{"public.orders_pkey", "public.orders_customer_idx"}},
	{"public.large", 98_304_000, 312, nil},
	{"public.customers", 24_196_144, 150_000, []string{"public.customers_pkey"}},
	{"受注管理.得意先マスタ_二〇二四年度_東日本営業本部", 1_400_112, 8_000, []string{"受注管理.得意先マスタ_名称_idx"}},
	{"archive.a_name_of_sixty_three_bytes_as_long_as_postgresql_will_let_it_be", 2_214, 41, nil},
	{"public.<img src=x onerror=alert(1)>", 2_199, 25, []string{"public.\"><script>alert(2)</script>"}},
}

// run plays a transfer of shop: three streams and two builders, at 30 MB/s in all unless it is limited. From small there is a hundredth, and
// to it an index can't be built.
func (s *service) run(ctx context.Context, id string) {
	tr := progress.New()
	now := time.Now()
	s.set(id, func(t *running) { t.State, t.Started, t.Attempts, t.Daemon = work.Running, &now, 1, "here" })
	feed := progress.NewFeed(tr, 50*time.Millisecond)
	stop := report.FollowJSON(context.WithoutCancel(ctx), feed, lines{s, id}, report.EventOptions{Every: 100 * time.Millisecond})
	spec := s.spec(id)
	err := s.play(ctx, id, tr, spec.Source == "small", spec.Target == "small")
	tr.Finish()
	feed.Close()
	stop()
	end, totals := time.Now(), tr.Snapshot().Data
	s.set(id, func(t *running) {
		t.Ended = &end
		t.Totals = work.Totals{Bytes: totals.Bytes, Rows: totals.Rows, Tables: totals.TablesDone, Seconds: end.Sub(now).Seconds()}
		switch {
		case ctx.Err() != nil:
			t.State, t.Error = work.Canceled, "canceled by owner"
		case err != nil:
			t.State, t.Error = work.Failed, err.Error()
		default:
			t.State, t.Warnings = work.Completed, 1
		}
	})
}

func (s *service) spec(id string) work.Spec {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transfers[id].Spec
}

// want acts on what was asked of the transfer, and returns its rate in bytes per second; 0 while it is paused.
func (s *service) want(id string) int64 {
	s.mu.Lock()
	t := s.transfers[id]
	want, state, limit := t.Want, t.State, t.Spec.Options.RateLimit
	s.mu.Unlock()
	if want == work.WantPause {
		if state == work.Running {
			s.set(id, func(t *running) { t.State = work.Paused })
		}
		return 0
	}
	if state == work.Paused {
		s.set(id, func(t *running) { t.State = work.Running })
	}
	if limit > 0 {
		return min(limit, 30_000_000)
	}
	return 30_000_000
}

const step = 20 * time.Millisecond

func (s *service) play(ctx context.Context, id string, tr *progress.Tracker, small, broken bool) error {
	tr.Step("pg_dump: waiting for the table of contents")
	time.Sleep(10 * step)
	var tasks []progress.Task
	add := func(p progress.Phase, kind, name, table string, bytes, rows int64) int {
		tasks = append(tasks, progress.Task{ID: len(tasks), Phase: p, Kind: kind, Name: name, Table: table, Bytes: bytes * 95 / 100, Rows: rows})
		return len(tasks) - 1
	}
	schema := add(progress.Schema, "SCHEMA", "shop", "", 0, 0)
	data, left := map[int]int64{}, map[int]*progress.Running{}
	builds := map[int][]int{}
	for _, t := range shop {
		if small {
			t.bytes, t.rows = t.bytes/100, t.rows/100
		}
		d := add(progress.Data, progress.TableData, t.name, t.name, t.bytes, t.rows)
		data[d] = t.bytes
		for _, name := range t.built {
			builds[d] = append(builds[d], add(progress.Indexes, "INDEX", name, t.name, 0, 0))
		}
	}
	fk := add(progress.Constraints, "FK CONSTRAINT", "public.orders orders_customer_fkey", "public.orders", 0, 0)
	view := add(progress.Finish, "MATERIALIZED VIEW DATA", "public.sales_by_month", "public.sales_by_month", 0, 0)
	tr.Plan(tasks)
	tr.Start(schema).Done(0, nil)
	tr.Skip(progress.LeftOut{Object: "subscription orders_from_eu", Reason: "a copied subscription would take the changes meant for the source; create it by hand"})
	tr.Warn(progress.Warning{Object: "extension plpgsql", Message: "the comment was not set: must be owner of extension plpgsql (SQLSTATE 42501)"})

	var ready []int // builds
	building := map[int]*progress.Running{}
	age := map[int]time.Duration{}
	length := 40 * step // of a build
	if small {
		length = 3 * step
	}
	queue := []int{}
	for i := range tasks {
		if data[i] > 0 {
			queue = append(queue, i)
		}
	}
	moved, spent := map[int]int64{}, map[int]time.Duration{}
	for len(queue)+len(left)+len(ready)+len(building) > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(step):
		}
		rate := s.want(id)
		for rate > 0 && len(left) < 3 && len(queue) > 0 {
			d := queue[0]
			queue = queue[1:]
			r := tr.Start(d)
			left[d] = r
			r.By(progress.Worker{Name: "copy " + string(rune('1'+len(left)-1)), SourcePID: uint32(300 + d), TargetPID: uint32(400 + d)})
			r.Watch(func() []progress.StageTime { return stages(r.Moved()) })
		}
		for d, r := range left {
			n := min(rate*int64(step)/int64(time.Second)/int64(len(left)), data[d]-moved[d])
			moved[d] += n
			spent[d] += step
			r.AddBytes(n)
			r.AddRows(n / 125)
			if moved[d] < data[d] {
				continue
			}
			r.Done(tasks[d].Rows, stages(moved[d]))
			delete(left, d)
			ready = append(ready, builds[d]...)
		}
		for len(building) < 2 && len(ready) > 0 {
			b := ready[0]
			ready = ready[1:]
			building[b] = tr.Start(b)
			building[b].By(progress.Worker{Name: "build " + string(rune('1'+len(building)-1)), TargetPID: uint32(500 + b)})
		}
		for b, r := range building {
			age[b] += step
			detail := progress.Detail{Activity: "building index: scanning table", Done: int64(age[b]), Total: int64(length), Unit: "blocks", Parallel: 2}
			if strings.HasSuffix(tasks[b].Name, "payload_idx") && age[b] < 10*length {
				detail = progress.Detail{TargetWait: "Lock: relation", BlockedBy: []progress.Blocker{
					{Server: "target", PID: 4711, Application: "psql", User: "bob", State: "idle in transaction", QueryStart: time.Now().Add(-2 * time.Minute)},
				}}
			} else if age[b] >= length {
				if broken {
					err := errors.New("could not extend file \"base/16385/24601\": No space left on device (SQLSTATE 53100)\nHINT: Check free disk space.")
					r.Fail(err)
					return errors.New("index " + tasks[b].Name + ": " + err.Error())
				}
				r.Done(0, nil)
				delete(building, b)
				continue
			}
			tr.Describe(b, detail)
		}
	}
	for _, i := range []int{fk, view} {
		r := tr.Start(i)
		r.By(progress.Worker{Name: "build 1", TargetPID: 500})
		time.Sleep(length)
		r.Done(0, nil)
	}
	return nil
}

// stages are those of a pipe through which the target takes bytes slower than the source gives them.
func stages(bytes int64) []progress.StageTime {
	d := time.Duration(bytes) * 99 // nanoseconds a byte, in each of three streams
	return []progress.StageTime{
		{Name: "copy-out", Elapsed: d, WaitOut: d * 71 / 100, Busy: d * 29 / 100, Bytes: bytes + 65_000},
		{Name: "copy-in", Elapsed: d, WaitIn: d * 6 / 100, Busy: d * 94 / 100, Bytes: bytes},
	}
}
