package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// delay is the latency of one direction: a round trip takes twice as long.
const delay = 10 * time.Millisecond

// latency copies many tiny tables between servers that are each 20 ms away.
func latency(ctx context.Context, c config, f *field) (r result, err error) {
	r = result{title: "Tiny tables, with 20 ms to each server"}
	if err := f.fillSet(ctx, "bench", "tiny", c.scale/2); err != nil {
		return r, err
	}
	size, err := f.size(ctx)
	if err != nil {
		return r, err
	}
	way, how, remove, err := f.far(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	trip, err := f.roundTrip(ctx, way)
	if err != nil {
		return r, err
	}
	peers := []*peer{{name: "pgsluice", title: "pgsluice copy", ours: true, copy: func(ctx context.Context) (cost, error) { return f.sluice(ctx, f.pgsluice, way) }}}
	for _, v := range c.variants {
		peers = append(peers, &peer{
			name: "pgsluice-" + v.name, title: "pgsluice copy " + strings.Join(v.flags, " "), ours: true,
			copy: func(ctx context.Context) (cost, error) { return f.sluice(ctx, v.or(f.pgsluice), way, v.flags...) },
		})
	}
	left := ""
	if d, err := findCopydb(ctx, c.pgcopydb); err == nil {
		peers = append(peers, &peer{name: "pgcopydb", title: "pgcopydb " + d.version + " clone, 4 table jobs, 4 index jobs", copy: func(ctx context.Context) (cost, error) {
			return f.pgcopydb(ctx, d, way, "4")
		}})
	} else {
		left = "Left out: pgcopydb: " + oneLine(err.Error()) + "."
	}
	if err := f.rounds(ctx, c, peers); err != nil {
		return r, err
	}
	r.line("%s, through %s; a round trip of psql took %.1f ms.", size, how, 1000*trip.Seconds())
	r.line("")
	r.table(set{name: "tiny", peers: peers})
	if left != "" {
		r.line("")
		r.line("%s", left)
	}
	return r, failure(peers)
}

// far makes a way between the servers with latency, by the kernel if it can and else by a proxy, and says which. The
// caller removes it.
func (f *field) far(ctx context.Context) (way route, how string, remove func() error, err error) {
	n, reason := newNetwork(ctx, "netem", "delay", delay.String(), "limit", "100000")
	if reason == nil {
		way, err := f.through(ctx, n)
		if err != nil {
			return route{}, "", nil, errors.Join(err, n.remove())
		}
		return way, fmt.Sprintf("a network namespace with netem, %s in each direction", delay), n.remove, nil
	}
	if ctx.Err() != nil {
		return route{}, "", nil, context.Cause(ctx)
	}
	proxies := make([]*proxy, 0, 2)
	remove = func() error {
		var err error
		for _, p := range proxies {
			err = errors.Join(err, p.close())
		}
		return err
	}
	urls := make([]string, 0, 2)
	for _, s := range []*server{f.src, f.dst} {
		p, err := listen(filepath.Join(s.dir, ".s.PGSQL."+s.port), delay)
		if err != nil {
			return route{}, "", nil, errors.Join(err, remove())
		}
		proxies = append(proxies, p)
		urls = append(urls, "postgresql://postgres@"+p.listener.Addr().String()+"/bench")
	}
	how = fmt.Sprintf("a TCP proxy of the harness that forwards every chunk %s later in each direction (network namespaces with netem are not possible here: %s)", delay, oneLine(reason.Error()))
	return route{src: urls[0], dst: urls[1]}, how, remove, nil
}

// through restarts the servers so that they listen at the host's ends of a network.
func (f *field) through(ctx context.Context, n *network) (route, error) {
	urls := make([]string, 0, 2)
	for i, s := range []*server{f.src, f.dst} {
		hba, err := os.OpenFile(filepath.Join(s.data(), "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return route{}, err
		}
		_, err = fmt.Fprintf(hba, "\nhost all all %s/30 trust\n", n.hosts[i])
		if err := errors.Join(err, hba.Close()); err != nil {
			return route{}, err
		}
		if err := s.restart(ctx, "listen_addresses=127.0.0.1,"+n.hosts[i]); err != nil {
			return route{}, err
		}
		urls = append(urls, "postgresql://postgres@"+net.JoinHostPort(n.hosts[i], s.port)+"/bench")
	}
	return route{src: urls[0], dst: urls[1], within: n.within()}, nil
}

// roundTrip measures the way to the source, by statements that take no time.
func (f *field) roundTrip(ctx context.Context, way route) (time.Duration, error) {
	const statements = 20
	run := func(n int) (cost, error) {
		cmd := way.command(ctx, filepath.Join(f.bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", way.src, "-f", "-")
		cmd.Stdin = strings.NewReader(strings.Repeat("SELECT 1;\n", n))
		return timed(cmd)
	}
	few, err := run(1)
	if err != nil {
		return 0, err
	}
	many, err := run(1 + statements)
	return (many.wall - few.wall) / statements, err
}
