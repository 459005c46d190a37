package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed measurements.sql
var measurementsSQL string

// limit is what a copy of rows of ordinary size may take, whatever the size of the table.
const limit = 64 << 20

// memory measures the resident set of a copy of one table, and then of the same table grown to twice the size.
func memory(ctx context.Context, c config, f *field) (result, error) {
	rounds := c.rounds
	if rounds == 0 {
		rounds = 3
	}
	if err := f.src.fresh(ctx, "bench"); err != nil {
		return result{}, err
	}
	r := result{title: "Memory of a copy of one table"}
	r.line("| table on disk | COPY text | rows | bytes a row | VmHWM, median (runs) |")
	r.line("|---|---|---|---|---|")
	within := true
	for _, gigabytes := range []float64{2, 4} {
		target := int64(gigabytes * 1e9 * c.scale)
		if err := f.fill(ctx, "bench", "bench.bytes", strconv.FormatInt(target, 10), measurementsSQL); err != nil {
			return r, err
		}
		facts, err := f.src.sql(ctx, "bench", "SELECT pg_table_size('measurements'), count(*) FROM measurements")
		if err != nil {
			return r, err
		}
		size, rows, _ := strings.Cut(strings.TrimSpace(facts), "|")
		text, err := f.textSize(ctx)
		if err != nil {
			return r, err
		}
		var hwm sample
		for range rounds {
			cost, err := f.once(ctx, func(ctx context.Context) (cost, error) { return f.pgsluiceCopy(ctx) })
			if err != nil {
				return r, err
			}
			hwm = append(hwm, mebibytes(cost.hwm))
			fmt.Fprintf(c.out, "# %.3g GB: VmHWM %.1f MiB, with children %.1f MiB, %.1f s\n",
				float64(target)/1e9, mebibytes(cost.hwm), mebibytes(cost.peak), cost.wall.Seconds())
			within = within && cost.hwm <= limit && cost.peak <= limit
		}
		n, _ := strconv.ParseFloat(rows, 64) // count(*) is a number
		heap, _ := strconv.ParseFloat(size, 64)
		r.line("| %.2f GB | %.2f GB | %s | %.0f | **%.1f MiB** (%s) |",
			heap/1e9, float64(text)/1e9, rows, float64(text)/n, hwm.median(), hwm.list("%.1f"))
	}
	verdict := "No run went above 64 MiB, by either figure."
	if !within {
		verdict = "A run went above 64 MiB."
	}
	r.line("")
	r.line("VmHWM is that of the pgsluice process, read from /proc every 10 ms. wait4's maximum over pgsluice and its child pg_dump,")
	r.line("which ends before rows flow, was looked at too. %s", verdict)
	return r, nil
}

// textSize is the number of bytes that COPY sends for the table.
func (f *field) textSize(ctx context.Context) (int64, error) {
	var size counter
	var said bytes.Buffer
	cmd := f.src.command(ctx, "psql", "-Xq", "-d", f.src.url("bench"), "-c", "COPY measurements TO STDOUT")
	cmd.Stdout, cmd.Stderr = &size, &said
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("COPY by psql: %w\n%s", err, said.String())
	}
	return int64(size), nil
}

// counter is a writer that only counts.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
