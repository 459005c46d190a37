package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
	"pgsluice/internal/ends"
	"pgsluice/internal/plan"
	"pgsluice/internal/progress"
	"pgsluice/pipeline"
	"pgsluice/stages"
)

// RowFormat is how a COPY stream words its rows.
type RowFormat int

const (
	// RowsAsText is COPY's text format.
	RowsAsText RowFormat = iota
	// RowsAsCSV is its CSV format, with a line of column names first.
	RowsAsCSV
	// RowsAsBinary is its binary format.
	RowsAsBinary
)

func (f RowFormat) options() string {
	switch f {
	case RowsAsCSV:
		return " (FORMAT csv, HEADER)"
	case RowsAsBinary:
		return " (FORMAT binary)"
	}
	return ""
}

// copyStream writes what one COPY sends.
func (d *dump) copyStream(ctx context.Context) error {
	out, err := d.create(ctx)
	if err != nil {
		return err
	}
	defer d.watch(ctx)()
	if err = d.fillStream(ctx, out); err == nil {
		err = out.Commit()
	}
	if err != nil {
		out.Discard()
		return err
	}
	d.result.Path = d.opt.Path
	return nil
}

// fillStream tries again as long as nothing was written.
func (d *dump) fillStream(ctx context.Context, out *ends.Output) error {
	begun := &atomic.Bool{}
	compression := d.streamCompression()
	d.result.Jobs, d.result.Compression = 1, compressionText(compression)
	members, err := newMemberWriter(counted{noting{out.Writer(), begun}, d.Progress}, compression)
	if err != nil {
		return err
	}
	var running *progress.Running
	var task plan.Task
	trial := &trial{backoff: backoff{limit: d.RetryFor}}
	for {
		conn, err := d.openStream(ctx, &task)
		if err == nil {
			if running == nil {
				d.tasks = []*plan.Task{&task}
				d.Progress.Plan(tasks(&plan.Plan{Tasks: d.tasks}))
				running = d.Progress.Start(0)
			}
			running.By(progress.Worker{Name: "read 1", SourcePID: conn.PID()})
			var o outcome
			o, err = d.stream(ctx, conn, &task, members, running)
			catalog.Close(ctx, conn)
			if err == nil {
				running.Done(o.rows, o.stages)
				return nil
			}
			if ctx.Err() != nil {
				running.Interrupt(o.stages)
				return context.Cause(ctx)
			}
		}
		var at *pipeline.Error
		if errors.As(err, &at) && at.Stage == outputStage {
			err = out.Explain(at.Err)
			running.Fail(err)
			return err
		}
		if !begun.Load() {
			tell := d.Progress.Retrying
			if running != nil {
				tell = running.Retrying
			}
			if again := d.again(ctx, &trial.backoff, label(&task), err, tell); again == nil {
				if running != nil {
					running.Again()
				}
				members.buf = members.buf[:0]
				continue
			}
		}
		if running == nil {
			return &Refused{Err: fmt.Errorf("source: %w", err)}
		}
		err = d.explain(ctx, &task, err)
		running.Fail(err)
		if err = fmt.Errorf("%s: %w", label(&task), err); !begun.Load() { // such as a query that the server does not understand
			err = &Refused{Err: err}
		}
		return err
	}
}

// stream is one attempt.
func (d *dump) stream(ctx context.Context, conn *pgconn.PgConn, t *plan.Task, members *memberWriter, running *progress.Running) (outcome, error) {
	ctx, live := pipeline.Watch(ctx)
	running.Watch(func() []progress.StageTime { return stageTimes(live.Flow()) })
	var rows atomic.Int64
	count := &tally{running: running, rows: &rows, ofTable: true}
	flow, err := pipeline.Run(ctx,
		stages.CopyOut(conn, t.CopyOut, &rows), stages.Meter(count), stages.Throttle(d.Limiter), compressInto(members))
	return outcome{rows: rows.Load(), stages: stageTimes(flow)}, explainEOF(&streams{reader: conn}, err)
}

// compressInto is a last stage, named "output".
func compressInto(w *memberWriter) pipeline.Stage {
	return pipeline.Stage{Name: outputStage, Run: func(_ context.Context, r io.Reader, _ io.Writer) error {
		buf := make([]byte, stages.ChunkBytes)
		for {
			n, err := r.Read(buf)
			if n > 0 {
				if _, err := w.Write(buf[:n]); err != nil {
					return err
				}
			}
			switch {
			case err == io.EOF:
				return w.Close()
			case err != nil:
				return err
			}
		}
	}}
}

// openStream opens a session that sees what psql's would see, and words the COPY.
func (d *dump) openStream(ctx context.Context, t *plan.Task) (*pgconn.PgConn, error) {
	conn, err := catalog.OpenSession(ctx, d.src, d.readerOptions("copy-out"))
	if err != nil {
		return nil, err
	}
	if err = beginReading(ctx, conn, ""); err == nil {
		_, err = catalog.Row(ctx, conn, "SELECT pg_catalog.set_config('search_path', $1, true)", d.srcFacts.SearchPath)
	}
	if err == nil {
		*t = plan.Task{Kind: plan.Rows, Desc: progress.TableData, Phase: plan.Data}
		if d.opt.Query != "" {
			t.Name, t.CopyOut = "query", "COPY ("+strings.TrimRight(d.opt.Query, "; \t\r\n")+"\n) TO STDOUT"
		} else {
			err = d.findTable(ctx, conn, t)
		}
		t.Table = t.Name
		t.CopyOut += d.opt.RowFormat.options()
	}
	if err != nil {
		catalog.Close(ctx, conn)
		return nil, err
	}
	return conn, nil
}

// findTable looks the table up as a query that names it would.
func (d *dump) findTable(ctx context.Context, conn *pgconn.PgConn, t *plan.Task) error {
	name := d.opt.Selection.Tables[0]
	rows, err := catalog.Rows(ctx, conn, `
SELECT c.oid, n.nspname, c.relname, c.relkind IN ('r', 'm') AND NOT (c.relkind = 'm' AND pg_catalog.current_setting('server_version_num')::int < 180000)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`, name)
	switch {
	case err != nil:
		return fmt.Errorf("--table %s: %w", name, err)
	case len(rows) == 0:
		return fmt.Errorf("--table %s: there is no such table or view (quote the name as in SQL)", name)
	}
	quoted := archive.QualifiedName(rows[0][1], rows[0][2])
	t.Name, t.CopyOut = quoted, "COPY "+quoted+" TO STDOUT"
	if rows[0][3] != "t" { // COPY itself reads only what has rows of its own
		t.CopyOut = "COPY (SELECT * FROM " + quoted + ") TO STDOUT"
	}
	return nil
}

// noting is a writer that remembers whether it was used.
type noting struct {
	io.Writer
	used *atomic.Bool
}

func (n noting) Write(p []byte) (int, error) {
	n.used.Store(true)
	return n.Writer.Write(p)
}
