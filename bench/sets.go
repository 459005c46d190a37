package main

import (
	"context"
	"embed"
	"path"
	"strconv"
	"strings"
)

//go:embed sets
var setFiles embed.FS

// setNames are the data sets, in the order of measuring.
var setNames = []string{"orders", "one", "kv", "ledger", "events", "wide", "blobs", "tiny"}

// setSQL makes a data set's tables, rows and indexes at bench.scale.
func setSQL(name string) (string, error) {
	var all strings.Builder
	for _, file := range []string{"before", name, "after"} {
		text, err := setFiles.ReadFile("sets/" + file + ".sql")
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// fillSet makes a fresh database on the source with a data set in it.
func (f *field) fillSet(ctx context.Context, database, name string, scale float64) error {
	text, err := setSQL(name)
	if err != nil {
		return err
	}
	if err := f.src.fresh(ctx, database); err != nil {
		return err
	}
	return f.fill(ctx, database, "bench.scale", strconv.FormatFloat(scale, 'f', -1, 64), text)
}

// fill runs SQL that makes data on the source, with a setting for its size.
func (f *field) fill(ctx context.Context, database, setting, value, text string) error {
	f.inventory = ""
	_, err := f.src.sql(ctx, database, "SET "+setting+" = "+value+";\n"+text)
	return err
}

// chosen says whether a name is among those that were asked for, as patterns of path.Match separated by commas; of none
// are all.
func chosen(patterns, name string) bool {
	if patterns == "" {
		return true
	}
	for pattern := range strings.SplitSeq(patterns, ",") {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return true
		}
	}
	return false
}
