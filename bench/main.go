// Command bench measures pgsluice from outside: it builds the program, runs it and its peers as whole processes between
// two throw-away servers, and keeps the figures in bench/results.
//
//	go run ./bench              # all of it
//	go run ./bench -run memory  # the memory of a copy of one large table
//	go run ./bench -run peers   # whole copies of eight data sets, pgsluice and its peers in turns
//	go run ./bench -run limits  # what the servers take for single tables, and one stream of pgsluice
//	go run ./bench -run tiny-latency  # 1,000 tiny tables, 20 ms from each server
//	go run ./bench -run plan100k      # a plan for 100,000 tables
//	go run ./bench -run gin     # copies of a database with one dominating index, beside the least time possible
//	go run ./bench -run unread  # a copy whose reader of stderr is stopped
//	go run ./bench -run crowd   # a daemon's copy while hundreds watch it, and while a stranger holds connections
//	go run ./bench -run archives  # dumps and restores, beside pg_dump's and pg_restore's
//
// The suite of peers takes hours at -scale 1 and minutes at 0.05. -sets, -peers and -rounds take less of it, and
// -pgsluice-flags compares ways to run pgsluice, or builds of it. A result replaces that of the same day and name, so trials
// are best kept elsewhere, by -results:
//
//	go run ./bench -run peers -scale 0.3 -rounds 3 -sets orders,tiny -peers 'pgsluice*,dump' -pgsluice-flags 'two=--jobs 2' \
//		-pgsluice-flags 'old=/elsewhere/pgsluice --jobs 2'
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
	run      string  // one of benchmarks, or all
	scale    float64 // of the data: 1 is what the benchmarks and the data sets tell
	rounds   int     // how often each copy runs; 0 is the benchmark's own number
	results  string  // the folder for the results
	sets     string  // which data sets, see chosen
	peers    string  // which copiers, see chosen
	variants []variant
	pgcopydb string   // its program; empty is the one in PATH
	bin      string   // the folder of PostgreSQL's programs; empty is the newest that is found
	settings []string // of both servers, besides the harness's own
	out      io.Writer
}

func main() {
	c := config{out: os.Stdout}
	flag.StringVar(&c.run, "run", "all", "what to measure: "+names()+" or all")
	flag.Float64Var(&c.scale, "scale", 1, "size of the data; 1 is gigabytes")
	flag.IntVar(&c.rounds, "rounds", 0, "how often each copy runs (default: 3 for memory, 5 for the others)")
	flag.StringVar(&c.results, "results", "", "folder for the results (default: bench/results of the module)")
	flag.StringVar(&c.sets, "sets", "", "data sets of peers, separated by commas (default: all of "+strings.Join(setNames, ",")+")")
	flag.StringVar(&c.peers, "peers", "", "copiers of peers, such as pgsluice*,dump (default: all; a wrong name lists them)")
	flag.Func("pgsluice-flags", "`NAME=[PROGRAM] FLAGS`: pgsluice with other flags, or another build of it, as one more peer; may be repeated", func(text string) error {
		v, err := parseVariant(text)
		c.variants = append(c.variants, v)
		return err
	})
	flag.StringVar(&c.pgcopydb, "pgcopydb", "", "the `program` pgcopydb (default: the one in PATH)")
	flag.StringVar(&c.bin, "bin", "", "the `folder` of PostgreSQL's programs (default: the newest in the usual places)")
	flag.Func("setting", "`NAME=VALUE` for both servers, which wins over the harness's own; may be repeated", func(text string) error {
		c.settings = append(c.settings, text)
		return nil
	})
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
	{"peers", suite},
	{"limits", limits},
	{"tiny-latency", latency},
	{"plan100k", plans},
	{"gin", gin},
	{"unread", unread},
	{"crowd", crowd},
	{"archives", archives},
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
		return fmt.Errorf("-run %s: there are %s and all", c.run, names())
	}
	return nil
}

func names() string {
	var all []string
	for _, b := range benchmarks {
		all = append(all, b.name)
	}
	return strings.Join(all, ", ")
}

func (c config) one(ctx context.Context, name string, measure func(context.Context, config, *field) (result, error)) (err error) {
	f, err := newField(ctx, c.bin, c.settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.remove()) }()
	folder := c.results
	if folder == "" {
		folder = filepath.Join(f.module, "bench", "results")
	}
	conditions, err := f.describe(ctx, c)
	if err != nil {
		return err
	}
	path := ""
	f.save = func(r result) (err error) {
		path, err = r.write(folder, name, conditions)
		return err
	}
	r, err := measure(ctx, c, f)
	if len(r.lines) > 0 { // what was measured until then
		err = errors.Join(err, f.save(r))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s\n%s", path, strings.Join(r.lines, "\n")+"\n")
	return nil
}
