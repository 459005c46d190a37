package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// unread copies with a reader of stderr that reads, and with one that is stopped (SIGSTOP) from the start, in turns. The
// pipe between them holds one page, and in the second case is full: as it is in the end, however much it holds.
func unread(ctx context.Context, c config, f *field) (result, error) {
	r := result{title: "A reader of stderr that is stopped"}
	if err := f.src.fresh(ctx, "bench"); err != nil {
		return r, err
	}
	if err := f.fill(ctx, "bench", "bench.scale", strconv.FormatFloat(c.scale, 'f', -1, 64), shopSQL); err != nil {
		return r, err
	}
	peers := []*peer{
		{name: "stderr is read", copy: func(ctx context.Context) (cost, error) { return f.copyTo(ctx, false) }},
		{name: "its reader is stopped", copy: func(ctx context.Context) (cost, error) { return f.copyTo(ctx, true) }},
	}
	if err := errors.Join(f.rounds(ctx, c, peers), failure(peers)); err != nil {
		return r, err
	}
	r.line("`pgsluice copy --jobs 2 --log-level debug` of a shop's database of about 300 MB at scale 1, stderr being a pipe of 4 KiB, full when its reader is stopped; runs in turns, %d of each.", len(peers[0].costs))
	r.line("")
	r.line("| reader | wall, median | min to max |")
	r.line("|---|---|---|")
	for _, p := range peers {
		r.line("| %s | **%.2f s** | %.2f to %.2f s |", p.name, p.of(wall).median(), p.of(wall).min(), p.of(wall).max())
	}
	return r, nil
}

// copyTo copies with a reader of its own at the other end of stderr.
func (f *field) copyTo(ctx context.Context, stopped bool) (c cost, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return c, err
	}
	ends := []*os.File{r, w}
	defer func() { _ = closeAll(ends) }() // the second time it says that they are closed
	if err := onePage(w); err != nil {
		return c, err
	}
	reader := command(ctx, "cat")
	reader.Stdin = r
	copying := command(ctx, f.pgsluice, "copy", "--pg-dump", filepath.Join(f.bin, "pg_dump"), "--jobs", "2", "--log-level", "debug", f.src.url("bench"), f.dst.url("bench"))
	copying.Stderr = w
	if err := reader.Start(); err != nil {
		return c, err
	}
	defer func() { _ = reader.Process.Kill(); _ = reader.Wait() }()
	if stopped {
		if err := stopProcess(reader.Process); err != nil {
			return c, err
		}
		if _, err := w.Write(make([]byte, os.Getpagesize())); err != nil { // not a byte more
			return c, err
		}
	}
	began := time.Now()
	if err := copying.Start(); err != nil {
		return c, err
	}
	if err := closeAll(ends); err != nil {
		return c, err
	}
	if err := copying.Wait(); err != nil {
		return c, fmt.Errorf("pgsluice copy: %w", err)
	}
	c.wall = time.Since(began)
	c.cpu = copying.ProcessState.UserTime() + copying.ProcessState.SystemTime()
	return c, nil
}
