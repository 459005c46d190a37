package main

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed orders.sql
var ordersSQL string

// peer is one way to copy the source's database into the target's.
type peer struct {
	name      string
	copy      func(context.Context) (cost, error)
	wall, cpu sample
	servers   sample // CPU time of both servers, in seconds
}

// copies compares whole copies.
func copies(ctx context.Context, c config, f *field) (result, error) {
	r := result{title: "Whole copies of an order database"}
	if _, err := f.src.sql(ctx, "postgres", "CREATE DATABASE bench"); err != nil {
		return r, err
	}
	scale := strconv.FormatFloat(c.scale, 'f', -1, 64)
	if _, err := f.src.sql(ctx, "bench", "SET bench.scale = "+scale+";\n"+ordersSQL); err != nil {
		return r, err
	}
	size, err := f.src.sql(ctx, "bench", `SELECT round(sum(pg_table_size(oid)) / 1e6, 1), round(sum(pg_indexes_size(oid)) / 1e6, 1)
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
	if err != nil {
		return r, err
	}
	peers := []*peer{
		{name: "pgsluice copy --jobs 2", copy: func(ctx context.Context) (cost, error) { return f.pgsluiceCopy(ctx, "--jobs", "2") }},
		{name: "pg_dump -Fc -Z0 \\| pg_restore", copy: f.dumpRestore},
	}
	if err := f.rounds(ctx, c, peers); err != nil {
		return r, err
	}
	tables, indexes, _ := strings.Cut(strings.TrimSpace(size), "|")
	r.line("Five tables, %s MB, and their indexes, %s MB; runs in turns, %d of each.", tables, indexes, len(peers[0].wall))
	r.line("")
	r.line("| copier | wall, median | min to max | of pg_dump \\| pg_restore | CPU, median |")
	r.line("|---|---|---|---|---|")
	for _, p := range peers {
		r.line("| %s | **%.2f s** | %.2f to %.2f s | %.0f %% | %.2f s |",
			p.name, p.wall.median(), p.wall.min(), p.wall.max(), 100*p.wall.median()/peers[len(peers)-1].wall.median(), p.cpu.median())
	}
	r.line("")
	r.line("CPU is user and system time of the copiers, their children included, without the servers' share.")
	return r, nil
}

// rounds runs the peers in turns, so that a machine that slows down slows all of them.
func (f *field) rounds(ctx context.Context, c config, peers []*peer) error {
	rounds := c.rounds
	if rounds == 0 {
		rounds = 5
	}
	for round := range rounds {
		for _, p := range peers {
			cost, err := f.once(ctx, p.copy)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.wall, p.cpu, p.servers = append(p.wall, cost.wall.Seconds()), append(p.cpu, cost.cpu.Seconds()), append(p.servers, cost.servers.Seconds())
			fmt.Fprintf(c.out, "# round %d: %s: %.2f s, CPU %.2f s, of the servers %.2f s\n", round+1, strings.ReplaceAll(p.name, `\`, ""),
				cost.wall.Seconds(), cost.cpu.Seconds(), cost.servers.Seconds())
		}
	}
	return nil
}

// once gives a peer an empty target, and checks what it made of it.
func (f *field) once(ctx context.Context, do func(context.Context) (cost, error)) (cost, error) {
	if err := f.renew(ctx); err != nil {
		return cost{}, err
	}
	before := f.serversCPU()
	c, err := do(ctx)
	if err != nil {
		return c, err
	}
	c.servers = f.serversCPU() - before
	return c, f.check(ctx)
}

func (f *field) pgsluiceCopy(ctx context.Context, flags ...string) (cost, error) {
	args := append([]string{"copy", "--pg-dump", filepath.Join(f.bin, "pg_dump")}, flags...)
	return timed(command(ctx, f.pgsluice, append(args, f.src.url("bench"), f.dst.url("bench"))...))
}

func (f *field) dumpRestore(ctx context.Context) (cost, error) {
	return timed(
		f.src.command(ctx, "pg_dump", "-Fc", "-Z0", "--dbname="+f.src.url("bench")),
		f.src.command(ctx, "pg_restore", "--exit-on-error", "--dbname="+f.dst.url("bench")))
}
