package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// The sizes of the crowds: what a team's pages and a stranger's program may come to.
const (
	manyStreams = 500
	manyIdle    = 10_000
)

// crowd copies by a daemon while nobody looks, while many streams are read, while their readers have stopped reading, and while a stranger
// holds as many connections as he gets, in turns.
func crowd(ctx context.Context, c config, f *field) (result, error) {
	r := result{title: "A daemon in a crowd"}
	if err := f.src.fresh(ctx, "bench"); err != nil {
		return r, err
	}
	if err := f.fill(ctx, "bench", "bench.scale", strconv.FormatFloat(c.scale, 'f', -1, 64), shopSQL); err != nil {
		return r, err
	}
	held := map[string]int{}
	by := func(name string, gather func(ctx context.Context, d *daemon, id string) (*gathering, error)) *peer {
		return &peer{name: name, copy: func(ctx context.Context) (cost, error) {
			c, n, err := f.inCrowd(ctx, gather)
			held[name] = n
			return c, err
		}}
	}
	peers := []*peer{
		by("nobody", func(context.Context, *daemon, string) (*gathering, error) { return &gathering{}, nil }),
		by(fmt.Sprintf("%d streams that are read", manyStreams), streamReaders(true)),
		by(fmt.Sprintf("%d streams that are not read", manyStreams), streamReaders(false)),
		by(fmt.Sprintf("%d connections that say nothing", manyIdle), silent),
	}
	if err := errors.Join(f.rounds(ctx, c, peers), failure(peers)); err != nil {
		return r, err
	}
	r.line("`pgsluice serve` copies a shop's database of about 300 MB at scale 1 with two streams, each time a new daemon; runs in turns, %d of each. The crowd is on the same machine, and so is what it costs itself.", len(peers[0].costs))
	r.line("")
	r.line("| crowd | wall, median | min to max | beside nobody | CPU of the daemon | its VmHWM | connections held in the end |")
	r.line("|---|---|---|---|---|---|---|")
	for _, p := range peers {
		r.line("| %s | **%.2f s** | %.2f to %.2f s | %+.1f %% | %.2f s | %.1f MiB | %d |", p.name, p.of(wall).median(), p.of(wall).min(), p.of(wall).max(),
			100*(ratio(p.of(wall).median(), peers[0].of(wall).median())-1), p.of(copier).median(), p.of(hwm).median(), held[p.name])
	}
	return r, nil
}

// inCrowd is a copy by a daemon in a crowd, and how many of it the daemon has not sent away in the end.
func (f *field) inCrowd(ctx context.Context, gather func(ctx context.Context, d *daemon, id string) (*gathering, error)) (c cost, left int, err error) {
	d, err := f.serve(ctx)
	if err != nil {
		return c, 0, err
	}
	over := watchPeak(d.process.Process.Pid)
	defer func() {
		c.hwm = over.end()
		err = errors.Join(err, d.end())
		if state := d.process.ProcessState; state != nil {
			c.cpu = state.UserTime() + state.SystemTime()
		}
	}()
	var g *gathering
	c.wall, err = d.copied(ctx, func(id string) (err error) {
		g, err = gather(ctx, d, id)
		return err
	})
	if g != nil {
		left = g.leave()
	}
	return c, left, err
}

// gathering is a crowd of connections.
type gathering struct {
	conns   []net.Conn
	stop    context.CancelFunc
	readers sync.WaitGroup
	mu      sync.Mutex
	reading int
}

// leave ends it. It returns how many connections the daemon held until then.
func (g *gathering) leave() int {
	held := 0
	for _, conn := range g.conns {
		if isOpen(conn) {
			held++
		}
		_ = conn.Close() // they are strangers'
	}
	g.mu.Lock()
	held += g.reading
	g.mu.Unlock()
	if g.stop != nil {
		g.stop()
	}
	g.readers.Wait()
	return held
}

// silent dials, and says nothing.
func silent(ctx context.Context, d *daemon, _ string) (*gathering, error) {
	g := &gathering{}
	for range manyIdle {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(d.url, "http://"))
		if err != nil {
			g.leave()
			return nil, err
		}
		g.conns = append(g.conns, conn)
	}
	return g, nil
}

// streamReaders open the live streams of all and of the one, and read them or not.
func streamReaders(read bool) func(ctx context.Context, d *daemon, id string) (*gathering, error) {
	return func(ctx context.Context, d *daemon, id string) (*gathering, error) {
		ctx, stop := context.WithCancel(ctx)
		g := &gathering{stop: stop}
		for i := range manyStreams {
			path := "/v1/live"
			if i%2 == 0 {
				path = "/v1/transfers/" + id + "/live"
			}
			if !read {
				conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(d.url, "http://"))
				if err != nil {
					g.leave()
					return nil, err
				}
				fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer %s\r\n\r\n", path, d.token)
				g.conns = append(g.conns, conn)
				continue
			}
			r, err := d.request(ctx, http.MethodGet, path, "")
			if err != nil {
				g.leave()
				return nil, err
			}
			g.readers.Go(func() { g.follow(r) })
		}
		return g, nil
	}
}

// follow reads a stream to its end.
func (g *gathering) follow(r *http.Request) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	g.count(1)
	defer g.count(-1)
	_, _ = io.Copy(io.Discard, resp.Body) // until the daemon or the benchmark ends it
}

func (g *gathering) count(by int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reading += by
}
