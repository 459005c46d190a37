package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// cost is what one or more processes took.
type cost struct {
	wall           time.Duration
	cpu            time.Duration // user and system time, with that of child processes
	source, target time.Duration // CPU time of the servers meanwhile
	// hwm is the peak of the resident sets of the processes that ran side by side, without their children, in bytes, by
	// VmHWM; peak that of the largest process, the children that it waited for included, by wait4.
	hwm, peak int64
	wal       int64              // bytes that the target has logged meanwhile
	phases    map[string]float64 // spans of pgsluice's phases, in seconds
}

// then is the cost of one after the other.
func (c cost) then(next cost) cost {
	c.wall += next.wall
	c.cpu += next.cpu
	c.hwm, c.peak = max(c.hwm, next.hwm), max(c.peak, next.peak)
	return c
}

// command is a program in an environment without the caller's PG* variables.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// output runs a command whose cost does not matter, and returns what it wrote to stdout.
func output(cmd *exec.Cmd) (string, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", cmd.Args[0], err, out.String(), errs.String())
	}
	return out.String(), nil
}

// timed runs commands side by side, each one's stdout being the next one's stdin, and measures them.
func timed(cmds ...*exec.Cmd) (cost, error) {
	var ends []*os.File
	for i := range cmds[1:] {
		r, w, err := os.Pipe()
		if err != nil {
			return cost{}, errors.Join(err, closeAll(ends))
		}
		cmds[i].Stdout, cmds[i+1].Stdin = w, r
		ends = append(ends, r, w)
	}
	said := make([]bytes.Buffer, len(cmds))
	var c cost
	var err error
	began := time.Now()
	started := cmds[:0:0]
	for i, cmd := range cmds {
		cmd.Stderr = &said[i]
		if err = cmd.Start(); err != nil {
			break
		}
		started = append(started, cmd)
	}
	err = errors.Join(err, closeAll(ends)) // the children have them
	watches := make([]watch, len(started))
	for i, cmd := range started {
		watches[i] = watchPeak(cmd.Process.Pid)
	}
	for i, cmd := range started {
		if failed := cmd.Wait(); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w\n%s", cmd.Path, failed, said[i].String()))
		}
		c.hwm += watches[i].end()
		c.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		c.peak = max(c.peak, peakOf(cmd.ProcessState))
	}
	c.wall = time.Since(began)
	return c, err
}

func closeAll(files []*os.File) error {
	var err error
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}
