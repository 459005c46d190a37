package report

import (
	"fmt"
	"math/rand/v2"
	"time"

	"pgsluice/internal/progress"
)

const (
	hostileName = `public.</script></title><script>alert(1)</script>` + "\u202e\u0007" + `<img src=x onerror=alert(2)>`
	cjkName     = "受注管理.得意先マスタ二〇二四年度東日本営業本部台帳"
	longName    = "archive.a_name_of_sixty_three_bytes_as_long_as_postgresql_will_let_it_be"
)

// warehouse is a transfer by four copy and three build workers.
func warehouse() *script {
	s := &script{steps: []progress.Step{{Text: "connecting", Elapsed: 400 * ms}, {Text: "pg_dump: waiting for the table of contents", Start: 400 * ms, Elapsed: 2600 * ms}}}
	dice := rand.New(rand.NewPCG(1, 2))
	now := 3 * time.Second
	for i := range 412 {
		took := time.Duration(1+dice.IntN(9)) * ms
		s.add(progress.Schema, "TABLE", fmt.Sprintf("sales.t%03d", i), "", "schema", now, took, 0, 0, "")
		now += took
	}
	free := []time.Duration{now, now, now, now}
	var loaded []time.Duration
	names := []string{"public.line_items", "public.events_2024", cjkName, hostileName, longName}
	for i := range 90 {
		name := fmt.Sprintf("sales.region_%02d_orders", i)
		size := int64(40_000_000/(1+i) + dice.IntN(900_000))
		parts := 1
		if i < len(names) {
			name, size = names[i], int64(120_000_000-i*15_000_000)
			parts = 6 - i
		}
		for range parts {
			w := i % len(free)
			for j := range free {
				if free[j] < free[w] {
					w = j
				}
			}
			took := time.Duration(float64(size) / (9e6 + 4e6*dice.Float64()) * float64(time.Second))
			s.add(progress.Data, progress.TableData, name, name, fmt.Sprintf("copy %d", w+1), free[w], took, size/117, size, "")
			free[w] += took + time.Duration(dice.IntN(30))*ms
			loaded = append(loaded, free[w])
		}
	}
	build := []time.Duration{8 * time.Second, 8 * time.Second, 8 * time.Second}
	for i, ready := range loaded {
		w := i % len(build)
		took := time.Duration(300+dice.IntN(2500)) * ms
		if i == 3 {
			took = 95 * time.Second
		}
		start := max(build[w], ready)
		s.add(progress.Indexes, "INDEX", fmt.Sprintf("sales.region_%02d_orders_idx", i), "", fmt.Sprintf("build %d", w+1), start, took, 0, 0, "")
		build[w] = start + took
	}
	for i := range 40 {
		w := i % len(build)
		s.add(progress.Constraints, progress.Analyze, fmt.Sprintf("sales.region_%02d_orders", i), "", fmt.Sprintf("build %d", w+1), build[w], 210*ms, 0, 0, "")
		s.add(progress.Constraints, "FK CONSTRAINT", fmt.Sprintf("sales.region_%02d_orders customer_fkey", i), "", fmt.Sprintf("build %d", w+1), build[w]+210*ms, 480*ms, 0, 0, "")
		build[w] += 700 * ms
	}
	end := max(build[0], build[1], build[2])
	s.add(progress.Finish, "MATERIALIZED VIEW DATA", "sales.by_month", "", "", end, 9*time.Second, 0, 0, "")
	for i := range 300 {
		s.add(progress.Finish, "ACL", fmt.Sprintf("sales.t%03d", i), "", "", end+9*time.Second+time.Duration(i)*3*ms, 2*ms, 0, 0, "")
	}
	return s
}

// failing lets some foreign keys fail, and a table with a hostile name.
func (s *script) failing() *script {
	for i := range s.tasks {
		f := &s.tasks[i]
		switch {
		case f.Task.Kind == "FK CONSTRAINT" && f.Task.ID%9 == 0:
			f.Error = "insert or update violates foreign key constraint (SQLSTATE 23503)\nDETAIL: Key (customer_id)=(4711) is not present in table \"customers\"."
		case f.Task.Name == hostileName:
			f.Error = "permission denied for table " + hostileName
		}
	}
	return s
}

// crowd is 10,000 tasks: small tables, each with an index.
func crowd() *script {
	s := &script{}
	dice := rand.New(rand.NewPCG(5, 6))
	free := make([]time.Duration, 16)
	for i := range 5_000 {
		c, b := i%8, 8+i%8
		name := fmt.Sprintf("tenant_%04d.documents", i)
		took := time.Duration(2+dice.IntN(40)) * ms
		size := int64(took) / 200
		s.add(progress.Data, progress.TableData, name, name, fmt.Sprintf("copy %d", c+1), free[c], took, size/300, size, "")
		free[c] += took
		start := max(free[b], free[c])
		took = time.Duration(1+dice.IntN(30)) * ms
		s.add(progress.Indexes, "INDEX", name+"_idx", name, fmt.Sprintf("build %d", b-7), start, took, 0, 0, "")
		free[b] = start + took
	}
	return s
}

// instant is over in three milliseconds, by nobody in particular.
func instant() *script {
	s := &script{}
	s.add(progress.Schema, "TABLE", "public.t", "", "", 200*time.Microsecond, 300*time.Microsecond, 0, 0, "")
	s.add(progress.Data, progress.TableData, "public.t", "public.t", "", time.Millisecond, 900*time.Microsecond, 3, 42, "")
	s.add(progress.Data, progress.TableData, "public.u", "public.u", "", time.Millisecond, 0, 0, 0, "")
	s.add(progress.Indexes, "INDEX", "public.t_idx", "public.t", "", 2*time.Millisecond, 0, 0, 0, "")
	return s
}
