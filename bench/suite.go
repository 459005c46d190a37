package main

import (
	"context"
	"fmt"
	"strings"
)

// set is a data set and what came out on it.
type set struct {
	name, size string
	peers      []*peer
}

// suite compares whole copies of all data sets.
func suite(ctx context.Context, c config, f *field) (result, error) {
	var sets []set
	r := result{title: "Whole copies, pgsluice and its peers"}
	for _, name := range setNames {
		if !chosen(c.sets, name) {
			continue
		}
		fmt.Fprintf(c.out, "# %s\n", name)
		if err := f.fillSet(ctx, "bench", name, c.scale); err != nil {
			return r, err
		}
		size, err := f.size(ctx)
		if err != nil {
			return r, err
		}
		peers, left, err := f.contenders(ctx, c)
		if err != nil {
			return r, err
		}
		sets = append(sets, set{name: name, size: size, peers: peers})
		err = f.rounds(ctx, c, peers)
		whole := r
		whole.suite(sets, left)
		if err != nil {
			return whole, err
		}
		if err := f.save(whole); err != nil {
			return whole, err
		}
	}
	if len(sets) == 0 {
		return r, fmt.Errorf("-sets %s: there are %s", c.sets, strings.Join(setNames, ", "))
	}
	_, left, err := f.contenders(ctx, c)
	if err != nil {
		return r, err
	}
	r.suite(sets, left)
	for _, s := range sets {
		if err := failure(s.peers); err != nil {
			return r, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return r, nil
}

// size says how large the source's database is.
func (f *field) size(ctx context.Context) (string, error) {
	text, err := f.src.sql(ctx, "bench", `SELECT format('%s with %s MB of rows (TOAST included) and %s MB of indexes', CASE count(*) WHEN 1 THEN 'One table' ELSE count(*) || ' tables' END, round(sum(pg_table_size(oid)) / 1e6), round(sum(pg_indexes_size(oid)) / 1e6))
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
	return strings.TrimSpace(text), err
}
