package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// large is a maintenance_work_mem that helps index builds: pgcopydb sets as much by itself.
const large = "-c maintenance_work_mem=1GB"

// contenders are the peers that were chosen and can run here, and in words those that can't.
func (f *field) contenders(ctx context.Context, c config) (peers []*peer, left []string, err error) {
	known := []*peer{{name: "pgsluice", title: "pgsluice copy", ours: true, note: "ANALYZE", copy: func(ctx context.Context) (cost, error) { return f.pgsluiceCopy(ctx) }}}
	for _, v := range c.variants {
		known = append(known, &peer{
			name: "pgsluice-" + v.name, title: "pgsluice copy " + strings.Join(v.flags, " "), ours: true, note: v.note(),
			copy: func(ctx context.Context) (cost, error) {
				return f.sluice(ctx, v.or(f.pgsluice), f.direct(), v.flags...)
			},
		})
	}
	known = append(known,
		&peer{name: "dump", title: `pg_dump -Fc -Z0 \| pg_restore`, copy: func(ctx context.Context) (cost, error) { return f.dumpRestore(ctx, "") }},
		&peer{name: "dump-1GB", title: "the same, " + large, copy: func(ctx context.Context) (cost, error) { return f.dumpRestore(ctx, large) }},
		&peer{name: "dir", title: "pg_dump -Fd -Z0 -j2, then pg_restore -j2", copy: func(ctx context.Context) (cost, error) { return f.dumpRestoreDirectory(ctx, "") }},
		&peer{name: "dir-1GB", title: "the same, " + large, copy: func(ctx context.Context) (cost, error) { return f.dumpRestoreDirectory(ctx, large) }},
		&peer{name: "psql", title: `psql COPY \| psql COPY`, copy: f.psqlCopy},
	)
	copydbs, left := f.copydbs(ctx, c)
	known = append(known, copydbs...)
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.name
		if chosen(c.peers, p.name) {
			peers = append(peers, p)
		}
	}
	if len(peers) == 0 {
		return nil, nil, fmt.Errorf("-peers %s: there are %s", c.peers, strings.Join(names, ", "))
	}
	return peers, append(left, "pgloader, installed or not: from PostgreSQL to PostgreSQL it drops NOT NULL and the lengths of varchar (seen with 3.6.7), so it does not do the same work"), nil
}

// copydbs are the ways to run pgcopydb, as far as the one at hand knows them.
func (f *field) copydbs(ctx context.Context, c config) (peers []*peer, left []string) {
	d, err := findCopydb(ctx, c.pgcopydb)
	if err != nil {
		return nil, []string{"pgcopydb: " + strings.TrimSpace(err.Error())}
	}
	for _, way := range []struct {
		name, note string
		flags      []string
	}{
		{"pgcopydb", "VACUUM ANALYZE", nil},
		{"pgcopydb-novacuum", "", []string{"--skip-vacuum"}},
		{"pgcopydb-binary", "", []string{"--skip-vacuum", "--use-copy-binary"}},
	} {
		title := strings.Join(append([]string{"pgcopydb " + d.version + " clone, 2 table jobs, 2 index jobs"}, way.flags...), " ")
		if i := slices.IndexFunc(way.flags, func(flag string) bool { return !d.has(flag) }); i >= 0 {
			left = append(left, way.name+": pgcopydb "+d.version+" has no "+way.flags[i])
			continue
		}
		peers = append(peers, &peer{name: way.name, title: title, note: way.note, copy: func(ctx context.Context) (cost, error) {
			return f.pgcopydb(ctx, d, f.direct(), "2", way.flags...)
		}})
	}
	return peers, left
}

// variant is pgsluice with other flags, or another build of it.
type variant struct {
	name, program string
	flags         []string
}

// parseVariant reads NAME=[PROGRAM] FLAGS: a first word with a slash is the program.
func parseVariant(text string) (variant, error) {
	name, rest, found := strings.Cut(text, "=")
	if !found || name == "" || strings.ContainsAny(name, " ,*") {
		return variant{}, fmt.Errorf("%q is not NAME=FLAGS", text)
	}
	v := variant{name: name, flags: strings.Fields(rest)}
	if len(v.flags) > 0 && strings.Contains(v.flags[0], "/") {
		v.program, v.flags = v.flags[0], v.flags[1:]
	}
	return v, nil
}

func (v variant) or(program string) string {
	if v.program != "" {
		return v.program
	}
	return program
}

func (v variant) note() string {
	var notes []string
	if v.program != "" {
		notes = append(notes, "another build, "+filepath.Base(v.program))
	}
	if !slices.Contains(v.flags, "--no-analyze") {
		notes = append(notes, "ANALYZE")
	}
	return strings.Join(notes, ", ")
}
