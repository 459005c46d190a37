// Command bench measures pgsluice from outside: it builds the program, runs it and its peers as whole processes between
// two throw-away servers, and keeps the figures in bench/results.
//
//	go run ./bench              # all of it
//	go run ./bench -run memory  # the memory of a copy of one large table
//	go run ./bench -run copy    # whole copies, pgsluice and pg_dump | pg_restore in turns
//	go run ./bench -run unread  # a copy whose reader of stderr is stopped
//	go run ./bench -run gin     # copies of a database with one dominating index, beside the least time possible
//
// It promises that what is compared did the same work (the target's tables are counted after every copy), that the
// settings stand beside the figures, and that the servers go when it ends. It does not judge: no figure makes it fail.
// It needs Linux, Go, and the server and client programs of PostgreSQL, and for the largest table 20 GB of disk in
// TMPDIR. It imports nothing of pgsluice, so that it measures what a user gets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// config says what to measure and how.
type config struct {
	run     string  // memory, copy, gin or all
	scale   float64 // of the data: 1 is a table of 2 GB and one of 4 GB, and orders of about 300 MB
	rounds  int     // how often each copy runs; 0 is the benchmark's own number
	results string  // the folder for the results
	out     io.Writer
}

func main() {
	c := config{out: os.Stdout}
	flag.StringVar(&c.run, "run", "all", "what to measure: memory, copy, gin, unread or all")
	flag.Float64Var(&c.scale, "scale", 1, "size of the data; 1 is a table of 2 GB and of 4 GB, and orders of about 300 MB")
	flag.IntVar(&c.rounds, "rounds", 0, "how often each copy runs (default: 3 for memory, 5 for the others)")
	flag.StringVar(&c.results, "results", "", "folder for the results (default: bench/results of the module)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := c.measure(ctx)
	if ctx.Err() != nil {
		err = errors.New("interrupted; the servers are gone")
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// benchmarks are what -run chooses from, in the order of all.
var benchmarks = []struct {
	name    string
	measure func(context.Context, config, *field) (result, error)
}{
	{"memory", memory},
	{"copy", copies},
	{"gin", gin},
	{"unread", unread},
}

// measure runs the chosen benchmarks, each on servers of its own.
func (c config) measure(ctx context.Context) error {
	if c.scale <= 0 || c.rounds < 0 {
		return errors.New("-scale must be positive and -rounds not negative")
	}
	known := false
	for _, b := range benchmarks {
		if c.run != "all" && c.run != b.name {
			continue
		}
		known = true
		if err := c.one(ctx, b.name, b.measure); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	if !known {
		return fmt.Errorf("-run %s: there are memory, copy, gin, unread and all", c.run)
	}
	return nil
}

func (c config) one(ctx context.Context, name string, measure func(context.Context, config, *field) (result, error)) (err error) {
	f, err := newField(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.remove()) }()
	r, err := measure(ctx, c, f)
	if err != nil {
		return err
	}
	folder := c.results
	if folder == "" {
		folder = filepath.Join(f.module, "bench", "results")
	}
	conditions, err := f.describe(ctx, c)
	if err != nil {
		return err
	}
	path, err := r.write(folder, name, conditions)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s\n%s", path, strings.Join(r.lines, "\n")+"\n")
	return nil
}
