package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// limited is a table whose server-side limits are measured, with the data set that it is from.
var limited = []struct{ set, table string }{
	{"orders", "lineitem"}, {"orders", "orders"}, {"orders", "partsupp"}, {"one", "lineitem"}, {"kv", "kv"}, {"ledger", "ledger"}, {"events", "events"},
}

// bound is what the servers alone take for a table in one format, and what one stream of pgsluice takes.
type bound struct {
	format          string
	bytes           int64 // of the file
	out, in, stream peer
}

// built is a step on the loaded table that was measured alone.
type built struct {
	name, sql string
	peer
}

// limits measures what the servers themselves take to read and write a table, and one stream of pgsluice beside it.
func limits(ctx context.Context, c config, f *field) (result, error) {
	r := result{title: "The servers' limits of single tables, and one stream of pgsluice"}
	r.line("`out` is `COPY TO '/dev/null'` and `in` is `COPY FROM` a cached file into an empty table without indexes, each alone on the")
	r.line("idle machine. `limit` is the largest of out, in, and the CPU time of both ÷ 2. `stream` is the span of the data phase of")
	r.line("`pgsluice copy --data-only --jobs 1` with what it has of `--split-above 0` and `--format`, into the same empty table.")
	r.line("")
	r.line("| data set | table | format | bytes | out | its CPU | in | its CPU | limit | stream | min to max | of the limit | CPU of source and target in it |")
	r.line("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	help, err := said(command(ctx, f.pgsluice, "copy", "--help"))
	if err != nil {
		return r, err
	}
	filled := ""
	var notes []string
	for _, t := range limited {
		if !chosen(c.sets, t.set) {
			continue
		}
		fmt.Fprintf(c.out, "# %s: %s\n", t.set, t.table)
		if filled != t.set {
			if err := f.fillSet(ctx, "whole", t.set, c.scale); err != nil {
				return r, err
			}
			filled = t.set
		}
		bounds, steps, err := f.bounds(ctx, c, t.table, help)
		if err != nil {
			return r, fmt.Errorf("%s: %w", t.table, err)
		}
		fastest := 0.0
		for _, b := range bounds {
			r.bound(t.set, t.table, b)
			if once := max(b.out.of(wall).median(), b.in.of(wall).median()); fastest == 0 || once < fastest {
				fastest = once
			}
		}
		notes = append(notes, criticalSteps(t.set+", "+t.table, fastest, steps))
	}
	if filled == "" {
		return r, fmt.Errorf("-sets %s: none of them has limits to measure", c.sets)
	}
	r.line("")
	r.line("The steps of a table after its rows, each alone on the idle machine with the server's settings, and the critical path: the")
	r.line("faster format's limit, the longest index, ANALYZE.")
	r.line("")
	r.lines = append(r.lines, notes...)
	return r, nil
}

// bound adds a line for one table and format.
func (r *result) bound(set, table string, b *bound) {
	limit := max(b.out.of(wall).median(), b.in.of(wall).median(), (b.out.of(servers).median()+b.in.of(servers).median())/2)
	data := b.stream.of(func(c cost) float64 { return c.phases["data"] })
	r.line("| %s | %s | %s | %.0f MB | %.2f s | %.2f s | %.2f s | %.2f s | %.2f s | **%.2f s** | %.2f to %.2f s | **%.2f** | %.2f s, %.2f s |", set, table, b.format, float64(b.bytes)/1e6,
		b.out.of(wall).median(), b.out.of(servers).median(), b.in.of(wall).median(), b.in.of(servers).median(), limit,
		data.median(), data.min(), data.max(), ratio(data.median(), limit), b.stream.of(source).median(), b.stream.of(target).median())
}

// criticalSteps says what the steps of a table take, and its critical path.
func criticalSteps(name string, copied float64, steps []*built) string {
	words := make([]string, len(steps))
	longest, last := 0.0, 0.0
	for i, s := range steps {
		words[i] = fmt.Sprintf("%s %.2f s (CPU %.2f s)", s.name, s.of(wall).median(), s.of(servers).median())
		last = s.of(wall).median() // ANALYZE
		if i < len(steps)-1 {
			longest = max(longest, last)
		}
	}
	return fmt.Sprintf("* %s: %s; critical path **%.2f s**.", name, strings.Join(words, ", "), copied+longest+last)
}

// bounds measures one table of the source's database whole, which it moves into a database of its own, without indexes.
func (f *field) bounds(ctx context.Context, c config, table, help string) ([]*bound, []*built, error) {
	if err := f.src.fresh(ctx, "bench"); err != nil {
		return nil, nil, err
	}
	f.inventory = ""
	whole := func(args ...string) []string {
		return append(args, "--table=public."+table, "--dbname="+f.src.url("whole"))
	}
	if _, err := timed(f.src.command(ctx, "pg_dump", whole("-Fc", "-Z0", "--section=pre-data", "--section=data")...),
		f.src.command(ctx, "pg_restore", "--exit-on-error", "--dbname="+f.src.url("bench"))); err != nil {
		return nil, nil, err
	}
	if _, err := f.src.sql(ctx, "bench", "VACUUM (FREEZE, ANALYZE)"); err != nil {
		return nil, nil, err
	}
	schema, err := output(f.src.command(ctx, "pg_dump", whole("--section=pre-data")...))
	if err != nil {
		return nil, nil, err
	}
	text, err := f.src.sql(ctx, "whole", "SELECT relname, pg_get_indexdef(oid) FROM pg_class JOIN pg_index ON oid = indexrelid WHERE indrelid = 'public."+table+"'::regclass ORDER BY relname")
	if err != nil {
		return nil, nil, err
	}
	var steps []*built
	for line := range strings.Lines(text) {
		name, sql, _ := strings.Cut(strings.TrimSpace(line), "|")
		steps = append(steps, &built{name: name, sql: sql})
	}
	steps = append(steps, &built{name: "ANALYZE", sql: "ANALYZE " + table})

	formats := []*bound{{format: "text"}, {format: "binary"}}
	rounds := c.rounds
	if rounds == 0 {
		rounds = 5
	}
	for range rounds {
		for _, b := range formats {
			if err := f.bound(ctx, c, table, schema, help, b); err != nil {
				return nil, nil, err
			}
		}
		for _, s := range steps { // the last copy has left the table full
			if err := f.meter(ctx, &s.peer, f.psql(ctx, f.dst, "-c", s.sql)); err != nil {
				return nil, nil, err
			}
		}
	}
	return formats, steps, nil
}

// bound measures one table in one format once: out, in, and through pgsluice.
func (f *field) bound(ctx context.Context, c config, table, schema, help string, b *bound) error {
	file := filepath.Join(f.src.dir, "rows") // the same user runs both servers
	options := " WITH (FORMAT " + b.format + ")"
	if err := f.meter(ctx, &b.out, f.psql(ctx, f.src, "-c", "COPY "+table+" TO '/dev/null'"+options)); err != nil {
		return err
	}
	if _, err := f.src.sql(ctx, "bench", "COPY "+table+" TO '"+file+"'"+options); err != nil {
		return err
	}
	size, err := f.src.sql(ctx, "bench", "SELECT (pg_stat_file('"+file+"')).size")
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(size, &b.bytes); err != nil {
		return err
	}
	empty := func() error {
		if err := f.renew(ctx); err != nil {
			return err
		}
		_, err := f.dst.sql(ctx, "bench", schema)
		return err
	}
	if err := empty(); err != nil {
		return err
	}
	if err := f.meter(ctx, &b.in, f.psql(ctx, f.dst, "-c", "COPY "+table+" FROM '"+file+"'"+options)); err != nil {
		return err
	}
	if err := empty(); err != nil {
		return err
	}
	flags := []string{"--data-only", "--jobs", "1"}
	for _, flag := range [][]string{{"--split-above", "0"}, {"--format", b.format}} {
		if strings.Contains(help, " "+flag[0]+" ") {
			flags = append(flags, flag...)
		}
	}
	cost, err := f.metered(ctx, func(ctx context.Context) (cost, error) { return f.pgsluiceCopy(ctx, flags...) })
	if err != nil {
		return err
	}
	b.stream.costs = append(b.stream.costs, cost)
	fmt.Fprintf(c.out, "# %s: out %.2f s, in %.2f s, pgsluice %s: %.2f s\n", b.format, wall(b.out.costs[len(b.out.costs)-1]), wall(b.in.costs[len(b.in.costs)-1]),
		strings.Join(flags, " "), cost.phases["data"])
	return f.check(ctx)
}

// meter runs one command and adds its cost to a peer's.
func (f *field) meter(ctx context.Context, p *peer, commands ...*exec.Cmd) error {
	c, err := f.metered(ctx, func(context.Context) (cost, error) { return timed(commands...) })
	p.costs = append(p.costs, c)
	return err
}
