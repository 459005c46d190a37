package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// archives compares dumps and restores of the order schema: pgsluice's with those of pg_dump and pg_restore, file by file.
func archives(ctx context.Context, c config, f *field) (result, error) {
	r := result{title: "Dumps and restores"}
	if err := f.fillSet(ctx, "bench", "orders", c.scale); err != nil {
		return r, err
	}
	size, err := f.size(ctx)
	if err != nil {
		return r, err
	}
	r.line("%s; runs in turns; every figure is a median. CPU is user and system time, of dumps with their children.", size)
	for _, method := range []string{"gzip", "lz4", "zstd"} {
		fmt.Fprintf(c.out, "# %s\n", method)
		if err := f.dumps(ctx, c, &r, method); err != nil {
			if method == "gzip" {
				return r, err
			}
			r.line("\nNo %s: %v", method, err) // pg_dump before 16 has no other than gzip
		}
	}
	return r, f.restores(ctx, c, &r)
}

// archive is the path of the file that a peer dumps to.
func (f *field) archive(name string) string { return filepath.Join(f.dir, name+".dump") }

// dumps measures both programs with one compression, and how large their files are.
func (f *field) dumps(ctx context.Context, c config, r *result, method string) error {
	sluice := func(ctx context.Context) (cost, error) {
		return timed(command(ctx, f.pgsluice, "dump", "--pg-dump", filepath.Join(f.bin, "pg_dump"), "--jobs", "2", "--compress", method,
			"-o", f.archive("sluice-"+method), "--progress", "none", f.src.url("bench")))
	}
	dump := func(ctx context.Context) (cost, error) {
		flag := "--compress=" + method
		if method == "gzip" {
			flag = "--compress=6" // the default, in words that every version knows
		}
		return timed(f.src.command(ctx, "pg_dump", "-Fc", flag, "-f", f.archive("pg_dump-"+method), "--dbname="+f.src.url("bench")))
	}
	peers := []*peer{{name: "pgsluice dump --jobs 2", copy: sluice}, {name: "pg_dump -Fc", copy: dump}}
	sizes := make([]int64, len(peers))
	for round := range max(c.rounds, 1) {
		for i, p := range peers {
			path := f.archive([]string{"sluice-", "pg_dump-"}[i] + method)
			if err := errors.Join(os.RemoveAll(path), ctx.Err()); err != nil {
				return err
			}
			cost, err := f.metered(ctx, p.copy)
			if err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			p.costs, sizes[i] = append(p.costs, cost), info.Size()
			fmt.Fprintf(c.out, "# round %d: %s: %.2f s, %.1f MB\n", round+1, p.name, wall(cost), float64(sizes[i])/1e6)
		}
	}
	r.line("")
	r.line("## Dump, %s", method)
	r.line("")
	r.line("| | wall | min to max | of pg_dump | CPU: program | source | VmHWM | file |")
	r.line("|---|---|---|---|---|---|---|---|")
	for i, p := range peers {
		r.line("| %s | **%.2f s** | %.2f to %.2f s | %.2f | %.2f s | %.2f s | %.1f MiB | %.1f MB |", p.name, p.of(wall).median(), p.of(wall).min(), p.of(wall).max(),
			ratio(p.of(wall).median(), peers[1].of(wall).median()), p.of(copier).median(), p.of(source).median(), p.of(hwm).max(), float64(sizes[i])/1e6)
	}
	return nil
}

// restores measures both programs with the same archive, through a pipe and as a file.
func (f *field) restores(ctx context.Context, c config, r *result) error {
	paths, err := filepath.Glob(f.archive("pg_dump-*"))
	if err != nil || len(paths) == 0 {
		return errors.Join(err, errors.New("no archive was made"))
	}
	slices.Sort(paths)
	path := paths[len(paths)-1] // zstd's where there is one
	cat := func(ctx context.Context) *exec.Cmd { return command(ctx, "cat", path) }
	for _, way := range []struct {
		title string
		peers []*peer
	}{
		{"from a pipe", []*peer{
			{name: "pgsluice restore", ours: true, copy: func(ctx context.Context) (cost, error) {
				return timed(cat(ctx), command(ctx, f.pgsluice, "restore", "--progress", "none", f.dst.url("bench")))
			}},
			{name: "pg_restore", copy: func(ctx context.Context) (cost, error) { return timed(cat(ctx), f.restore(ctx, "")) }},
		}},
		{"from a file", []*peer{
			{name: "pgsluice restore", ours: true, copy: func(ctx context.Context) (cost, error) {
				return timed(command(ctx, f.pgsluice, "restore", "--progress", "none", f.dst.url("bench"), path))
			}},
			{name: "pg_restore -j2", copy: func(ctx context.Context) (cost, error) { return timed(f.restore(ctx, "", "-j2", path)) }},
		}},
	} {
		fmt.Fprintf(c.out, "# restore %s\n", way.title)
		if err := errors.Join(f.rounds(ctx, c, way.peers), failure(way.peers)); err != nil {
			return err
		}
		theirs := way.peers[1].of(wall).median()
		r.line("")
		r.line("## Restore %s, %s", way.title, filepath.Base(path))
		r.line("")
		r.line("| | wall | min to max | of pg_restore | CPU: program | target | VmHWM |")
		r.line("|---|---|---|---|---|---|---|")
		for _, p := range way.peers {
			r.line("| %s | **%.2f s** | %.2f to %.2f s | %.2f | %.2f s | %.2f s | %.1f MiB |", p.name, p.of(wall).median(), p.of(wall).min(), p.of(wall).max(),
				ratio(p.of(wall).median(), theirs), p.of(copier).median(), p.of(target).median(), p.of(hwm).max())
		}
	}
	r.line("")
	r.line("pgsluice's restores gather planner statistics too (ANALYZE), pg_restore's do not.")
	return nil
}
