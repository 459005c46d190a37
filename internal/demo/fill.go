package demo

import (
	"context"
	"embed"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"pgsluice/internal/catalog"
)

//go:embed shop
var shop embed.FS

// rowFiles make the rows, the longest-running first. Each is one transaction and needs no other.
var rowFiles = []string{
	"events", "order_lines", "payments", "orders", "products", "documents", "addresses", "customers", "small",
}

// mostSessions is how many sessions fill the source: more than cores would only wait for each other, and a demo
// should not be felt by its neighbours on a large machine.
const mostSessions = 4

// filler is the sessions that make the shop.
type filler struct{ conns []*pgconn.PgConn }

// openFiller creates the shop's schema and opens the sessions. The caller closes it.
func openFiller(ctx context.Context, url string, scale float64) (*filler, error) {
	address, err := catalog.ParseAddress(url)
	if err != nil {
		return nil, err
	}
	f := &filler{}
	for i := range min(max(runtime.NumCPU(), 2), mostSessions) {
		conn, err := address.Connect(ctx, "pgsluice demo", nil)
		if err != nil {
			f.close(ctx)
			return nil, err
		}
		f.conns = append(f.conns, conn)
		files := []string{"session.sql"}
		if i == 0 {
			files = []string{"schema.sql", "session.sql"}
		}
		sql := []string{"SET demo.scale = " + catalog.Literal(strconv.FormatFloat(scale, 'f', -1, 64))}
		for _, name := range files {
			sql = append(sql, text(name))
		}
		if err := exec(ctx, conn, sql...); err != nil {
			f.close(ctx)
			return nil, err
		}
	}
	return f, nil
}

func (f *filler) close(ctx context.Context) {
	for _, conn := range f.conns {
		catalog.Close(ctx, conn)
	}
}

// rows makes all rows.
func (f *filler) rows(ctx context.Context) error {
	jobs := make([][]string, len(rowFiles))
	for i, name := range rowFiles {
		jobs[i] = []string{text("rows/" + name + ".sql")}
	}
	return f.share(ctx, jobs)
}

// finish makes indexes, keys and triggers.
func (f *filler) finish(ctx context.Context) error {
	if err := f.share(ctx, blocks(text("indexes.sql"))); err != nil {
		return err
	}
	return f.share(ctx, blocks(text("keys.sql")))
}

// share runs jobs, each a list of statements, on all sessions. The first error ends the others.
func (f *filler) share(ctx context.Context, jobs [][]string) error {
	queue := make(chan []string, len(jobs))
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	group, ctx := errgroup.WithContext(ctx)
	for _, conn := range f.conns {
		group.Go(func() error {
			for job := range queue {
				if err := exec(ctx, conn, job...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// blocks takes a file apart: a job for each block between empty lines, in it a statement for each line.
func blocks(sql string) [][]string {
	var jobs [][]string
	for block := range strings.SplitSeq(sql, "\n\n") {
		statements := strings.Split(strings.TrimSpace(block), "\n")
		statements = slices.DeleteFunc(statements, func(line string) bool { return strings.HasPrefix(line, "--") })
		if len(statements) > 0 {
			jobs = append(jobs, statements)
		}
	}
	return jobs
}

// exec runs each text as one simple query: several statements in it are one transaction.
func exec(ctx context.Context, conn *pgconn.PgConn, sql ...string) error {
	for _, s := range sql {
		if _, err := conn.Exec(ctx, s).ReadAll(); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s: %w", firstLine(s), err)
		}
	}
	return nil
}

func firstLine(sql string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(sql), "\n")
	return line
}

func text(name string) string {
	b, err := shop.ReadFile("shop/" + name)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return string(b)
}
