package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"golang.org/x/sync/errgroup"

	"pgsluice/internal/catalog"
	"pgsluice/internal/cluster"
	"pgsluice/internal/progress"
	"pgsluice/internal/transfer"
)

// Options are the choices of one demo. The zero value of each field is its default.
type Options struct {
	// Scale is the size of the shop; 1, the default, is about 150 MB as COPY text.
	Scale float64
	// Jobs is transfer's: how many tables are copied at the same time.
	Jobs int
	// FlipByte changes one byte of the copy before the check, which must then fail.
	FlipByte bool
	// Dir is the folder for the servers; "" is the temporary one.
	Dir string
	// Story is told what happens; nil tells nobody.
	Story *Story
	// Copy carries out the copy, so that the caller may show it; nil is transfer.Copy alone.
	Copy func(context.Context, transfer.Options) error
}

func (o Options) withDefaults() Options {
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Story == nil {
		o.Story = NewStory(io.Discard)
	}
	if o.Copy == nil {
		o.Copy = func(ctx context.Context, opt transfer.Options) error {
			_, err := transfer.Copy(ctx, opt)
			return err
		}
	}
	return o
}

// megabytes is the size of the shop at scale 1, as COPY text.
const megabytes = 150

// run is one demo in work.
type run struct {
	Options
	source, target *cluster.Cluster
}

// Run runs the demo. Its error is a *transfer.Refused if the servers could not be started, a *DifferentError if the
// copy is not equal to its source, the context's cause if it was cancelled, what Copy returned, or an error that says
// what went wrong. Everything is removed before it returns; if that fails, the error says what is left.
func Run(ctx context.Context, opt Options) error {
	r := &run{Options: opt.withDefaults()}
	programs, err := cluster.Ensure(ctx, r.Story)
	if err != nil {
		return cause(ctx, &transfer.Refused{Err: err})
	}
	err = cause(ctx, r.work(ctx, programs))
	return errors.Join(err, r.remove())
}

// cause is err, or what ended ctx: what servers and programs say of a cancellation is an echo.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (r *run) work(ctx context.Context, programs cluster.Programs) error {
	if err := r.start(ctx, programs); err != nil {
		return &transfer.Refused{Err: err}
	}
	source, target := r.source.URL("shop"), r.target.URL("shop")
	if err := r.fill(ctx, source); err != nil {
		return fmt.Errorf("filling the source: %w", err)
	}
	opt := transfer.Options{Source: source, Target: target, Jobs: r.Jobs, Progress: progress.New()}
	// where the servers' own package has pg_dump, no other one is looked for
	if path, err := programs.Path("pg_dump"); err == nil {
		opt.PgDump = path
	}
	r.Story.say("copying it to the target, as pgsluice copy SOURCE TARGET does:\n")
	err := r.Copy(ctx, opt)
	r.Story.say("")
	if err != nil {
		return err
	}
	if r.FlipByte {
		if err := r.flipByte(ctx, target); err != nil {
			return fmt.Errorf("flipping a byte: %w", err)
		}
	}
	return r.check(ctx, source, target, opt.Progress.Snapshot())
}

// start starts both servers at the same time.
func (r *run) start(ctx context.Context, programs cluster.Programs) error {
	end := r.Story.step("starting two PostgreSQL " + programs.Full + " servers")
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range []**cluster.Cluster{&r.source, &r.target} {
		group.Go(func() (err error) {
			*c, err = cluster.Start(ctx, cluster.Options{Programs: programs, Dir: r.Dir, Settings: settings})
			if err != nil {
				return err
			}
			return execOn(ctx, (*c).URL("postgres"), "CREATE DATABASE shop")
		})
	}
	err := group.Wait()
	end("", err)
	return err
}

// settings of both servers: they live for less than a minute.
var settings = map[string]string{
	"autovacuum":   "off",
	"max_wal_size": "4GB", // no checkpoint in between
}

// execOn runs one statement over a connection of its own.
func execOn(ctx context.Context, url, sql string) error {
	address, err := catalog.ParseAddress(url)
	if err != nil {
		return err
	}
	conn, err := address.Connect(ctx, "pgsluice demo", nil)
	if err != nil {
		return err
	}
	defer catalog.Close(ctx, conn)
	return exec(ctx, conn, sql)
}

func (r *run) fill(ctx context.Context, url string) error {
	end := r.Story.step("filling the source with a shop of " + size(r.Scale))
	f, err := openFiller(ctx, url, r.Scale)
	if err == nil {
		defer f.close(ctx)
		err = f.rows(ctx)
	}
	end("", err)
	if err != nil {
		return err
	}
	end = r.Story.step("building its indexes and keys")
	err = f.finish(ctx)
	end("", err)
	return err
}

func size(scale float64) string {
	return humanize.Bytes(uint64(scale * megabytes * 1e6))
}

// flipByte changes the last bit of one byte in the midst of one scanned document.
func (r *run) flipByte(ctx context.Context, url string) error {
	end := r.Story.step("flipping one byte of the copy, in table public.documents")
	err := execOn(ctx, url, "UPDATE documents SET body = set_byte(body, 5000, get_byte(body, 5000) # 1) WHERE id = 1")
	end("", err)
	return err
}

func (r *run) check(ctx context.Context, source, target string, s progress.Snapshot) error {
	end := r.Story.step("comparing the rows of both servers")
	same, err := compare(ctx, source, target)
	var different *DifferentError
	if errors.As(err, &different) {
		end("they differ", nil)
		return err
	}
	end("", err)
	if err != nil {
		return err
	}
	r.Story.say(conclusion(same, s))
	return nil
}

// conclusion is the demo in a few words.
func conclusion(c contents, s progress.Snapshot) string {
	return fmt.Sprintf(`
Copied %s, %s rows, in %.1f s; the rows flowed at %s/s.
All %d tables are equal on both servers, row by row, and so are the
materialized view, %d sequences, %d indexes and %d constraints.`,
		humanize.Bytes(uint64(s.Data.Bytes)), humanize.Comma(s.Data.Rows), s.Elapsed.Seconds(), humanize.Bytes(uint64(s.Data.Average)),
		c.count("table"), c.count("sequence"), c.count("index"), c.count("constraint"))
}

// remove stops the servers and deletes their folders. It takes no context: it is what happens after a cancellation.
func (r *run) remove() error {
	end := r.Story.step("removing both servers")
	var group errgroup.Group
	var errs [2]error
	for i, c := range []*cluster.Cluster{r.source, r.target} {
		if c != nil {
			group.Go(func() error {
				errs[i] = c.Remove()
				return nil
			})
		}
	}
	_ = group.Wait() // the errors are in errs: both count
	err := errors.Join(errs[:]...)
	end("nothing is left", err)
	if err != nil {
		return fmt.Errorf("removing the servers: %w", err)
	}
	return nil
}
