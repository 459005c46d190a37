package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// plans measures what pgsluice takes to plan a copy of very many tables, beside pg_dump, which must list them too.
func plans(ctx context.Context, c config, f *field) (result, error) {
	tables := max(1, int(100_000*c.scale))
	r := result{title: fmt.Sprintf("A plan for %d empty tables", tables)}
	locks := fmt.Sprintf("max_locks_per_transaction=%d", 64+tables/50) // times max_connections, which is 100
	for _, s := range []*server{f.src, f.dst} {
		if err := s.restart(ctx, locks); err != nil {
			return r, err
		}
	}
	for _, s := range []*server{f.src, f.dst} {
		if err := s.fresh(ctx, "bench"); err != nil {
			return r, err
		}
	}
	const batch = 1000 // tables a transaction
	var script strings.Builder
	for first := 1; first <= tables; first += batch {
		fmt.Fprintf(&script, "DO $$BEGIN FOR i IN %d..%d LOOP EXECUTE format('CREATE TABLE empty_%%s (id bigint, name text)', i); END LOOP; END$$;\n", first, min(tables, first+batch-1))
	}
	script.WriteString("VACUUM ANALYZE;\n")
	if _, err := f.src.sql(ctx, "bench", script.String()); err != nil {
		return r, err
	}
	plan := func(databases ...string) func(context.Context) (cost, error) {
		return func(ctx context.Context) (cost, error) {
			args := append([]string{"plan", "--pg-dump", filepath.Join(f.bin, "pg_dump")}, databases...)
			return timed(command(ctx, f.pgsluice, args...))
		}
	}
	peers := []*peer{
		{name: "pgsluice plan SOURCE", copy: plan(f.src.url("bench"))},
		{name: "pgsluice plan SOURCE TARGET", copy: plan(f.src.url("bench"), f.dst.url("bench"))},
		{name: "pg_dump -s", copy: func(ctx context.Context) (cost, error) {
			return timed(f.src.command(ctx, "pg_dump", "-s", "--dbname="+f.src.url("bench")))
		}},
	}
	rounds := c.rounds
	if rounds == 0 {
		rounds = 5
	}
	for round := range rounds {
		for _, p := range peers {
			cost, err := f.metered(ctx, p.copy)
			if err != nil {
				return r, fmt.Errorf("%s: %w", p.name, err)
			}
			p.costs = append(p.costs, cost)
			fmt.Fprintf(c.out, "# round %d: %s: %.2f s, VmHWM %.1f MiB\n", round+1, p.name, wall(cost), hwm(cost))
		}
	}
	dump := peers[len(peers)-1].of(wall).median()
	r.line("Both servers have `%s`; runs in turns, %d of each.", locks, rounds)
	r.line("")
	r.line("| | wall, median | min to max | of pg_dump -s | its CPU | the source's CPU | VmHWM |")
	r.line("|---|---|---|---|---|---|---|")
	for _, p := range peers {
		r.line("| %s | **%.2f s** | %.2f to %.2f s | %.2f | %.2f s | %.2f s | **%.1f MiB** |", p.name, p.of(wall).median(), p.of(wall).min(), p.of(wall).max(),
			ratio(p.of(wall).median(), dump), p.of(copier).median(), p.of(source).median(), p.of(hwm).max())
	}
	r.line("")
	r.line("CPU is that of the process and its children, so that of pgsluice has its pg_dump in it; VmHWM, the largest of all runs, is")
	r.line("that of the process alone.")
	return r, nil
}
