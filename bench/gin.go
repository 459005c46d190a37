package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

//go:embed shop.sql
var shopSQL string

//go:embed texts.sql
var textsSQL string

// few are the settings of a machine with few cores: two tasks at a time, each on one core.
var few = []string{"--jobs", "2", "--index-jobs", "2", "--total-jobs", "2", "--set", "max_parallel_maintenance_workers=0"}

// gin copies a database of which one index takes most of the time, and compares with the least that is possible: the
// longest chain of work that must be done one after the other, and all the servers' work on all cores.
func gin(ctx context.Context, c config, f *field) (result, error) {
	r := result{title: "A database with one dominating GIN index"}
	if err := f.src.fresh(ctx, "bench"); err != nil {
		return r, err
	}
	// so much of each that the index takes about as long as one core has to do with all the rest
	for _, data := range []struct {
		sql   string
		scale float64
	}{{shopSQL, 3 * c.scale}, {textsSQL, 0.9 * c.scale}} {
		if err := f.fill(ctx, "bench", "bench.scale", strconv.FormatFloat(data.scale, 'f', -1, 64), data.sql); err != nil {
			return r, err
		}
	}
	path, err := f.criticalPath(ctx, c)
	if err != nil {
		return r, err
	}
	peers := []*peer{
		{name: "pgsluice copy", copy: func(ctx context.Context) (cost, error) { return f.pgsluiceCopy(ctx, few...) }},
		{name: "pgsluice copy, tasks in TOC order", copy: func(ctx context.Context) (cost, error) {
			return f.pgsluiceCopy(ctx, append(few, "--toc-order")...)
		}},
		{name: "pg_dump -Fd -j2, then pg_restore -j2", copy: func(ctx context.Context) (cost, error) { return f.dumpRestoreDirectory(ctx, "") }},
	}
	if program, err := findCopydb(ctx, c.pgcopydb); err == nil {
		peers = append(peers, &peer{name: "pgcopydb clone, 2 table jobs, 2 index jobs", copy: func(ctx context.Context) (cost, error) {
			return f.pgcopydb(ctx, program, f.direct(), "2")
		}})
	}
	if err := errors.Join(f.rounds(ctx, c, peers), failure(peers)); err != nil {
		return r, err
	}
	sum, longest := 0.0, 0.0
	words := make([]string, len(path))
	for i, step := range path {
		words[i] = fmt.Sprintf("%s %.1f s (%.1f to %.1f)", step.name, step.wall.median(), step.wall.min(), step.wall.max())
		longest += step.wall.median()
	}
	sum = peers[0].of(servers).median() / float64(runtime.NumCPU())
	least := max(longest, sum)
	r.line("The shop's database of the unread benchmark, three times as large, and a table of texts whose GIN index dominates; runs in turns, %d of each.", len(peers[0].costs))
	r.line("")
	r.line("* Critical path, each step alone on the idle servers: %s; together **%.1f s**.", strings.Join(words, ", "), longest)
	r.line("* CPU time of both servers in pgsluice's runs, over %d cores: %.1f s / %d = **%.1f s**.", runtime.NumCPU(), peers[0].of(servers).median(), runtime.NumCPU(), sum)
	r.line("* The least that is possible is the larger of the two, **%.1f s**.", least)
	r.line("")
	r.line("| copier | wall, median | min to max | of the least | servers' CPU, median | copiers' CPU |")
	r.line("|---|---|---|---|---|---|")
	for _, p := range peers {
		r.line("| %s | **%.1f s** | %.1f to %.1f s | %.0f %% | %.1f s | %.1f s |",
			p.name, p.of(wall).median(), p.of(wall).min(), p.of(wall).max(), 100*p.of(wall).median()/least, p.of(servers).median(), p.of(copier).median())
	}
	r.line("")
	r.line("pgsluice's flags: `%s`.", strings.Join(few, " "))
	return r, nil
}

// step is a piece of work that was measured alone.
type step struct {
	name string
	wall sample
}

// criticalPath measures what must be done one after the other for the table of texts: its rows, its index, statistics
// and the check of its foreign key, as statements of the servers' own, with nothing else running.
func (f *field) criticalPath(ctx context.Context, c config) ([]step, error) {
	steps := []step{{name: "COPY"}, {name: "CREATE INDEX"}, {name: "ANALYZE"}, {name: "VALIDATE"}}
	schema, err := output(f.src.command(ctx, "pg_dump", "--section=pre-data", "--dbname="+f.src.url("bench")))
	if err != nil {
		return nil, err
	}
	const others = "COPY customers TO STDOUT"
	for range max(1, min(c.rounds, 3)) {
		if err := f.renew(ctx); err != nil {
			return nil, err
		}
		if _, err := f.dst.sql(ctx, "bench", schema); err != nil {
			return nil, err
		}
		load := func(out, in string) (cost, error) {
			return timed(f.src.command(ctx, "psql", "-XqAt", "-d", f.src.url("bench"), "-c", out), f.dst.command(ctx, "psql", "-XqAt", "-d", f.dst.url("bench"), "-c", in))
		}
		if _, err := load(others, "COPY customers FROM STDIN"); err != nil {
			return nil, err
		}
		if _, err := f.dst.sql(ctx, "bench", "ALTER TABLE customers ADD PRIMARY KEY (id); ANALYZE customers"); err != nil {
			return nil, err
		}
		copied, err := load("COPY texts TO STDOUT", "COPY texts FROM STDIN")
		if err != nil {
			return nil, err
		}
		steps[0].wall = append(steps[0].wall, copied.wall.Seconds())
		for i, sql := range []string{
			"CREATE INDEX ON texts USING gin (words)", "ANALYZE texts",
			"ALTER TABLE texts ADD FOREIGN KEY (customer_id) REFERENCES customers",
		} {
			began := time.Now()
			if _, err := f.dst.sql(ctx, "bench", "SET max_parallel_maintenance_workers = 0; "+sql); err != nil {
				return nil, err
			}
			steps[i+1].wall = append(steps[i+1].wall, time.Since(began).Seconds())
		}
	}
	return steps, nil
}
