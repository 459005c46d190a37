package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"pgsluice/internal/daemon"
	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m, func() error { return goleak.Find() }) }

// served is a daemon in this process.
type served struct {
	*client.Client
	url, secret string
	stop        context.CancelFunc
	ended       chan error
}

// serve starts a daemon and ends it behind the test. secret is that of its data directory's first start, if this is not the first.
func serve(t *testing.T, o daemon.Options, secret string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &served{stop: stop, ended: make(chan error, 1)}
	started := make(chan struct{})
	o.Listen = "127.0.0.1:0"
	if o.Log == nil {
		o.Log = zaptest.NewLogger(t)
	}
	o.Started = func(url, first string) {
		s.url, s.secret = url, first
		if secret != "" {
			s.secret = secret
		}
		close(started)
	}
	go func() { s.ended <- daemon.Serve(ctx, o) }()
	t.Cleanup(func() { s.end(t) })
	select {
	case <-started:
	case err := <-s.ended:
		t.Fatal(err)
	case <-soon(t).Done():
		t.Fatal("the daemon does not start")
	}
	var err error
	if s.Client, err = client.New(s.url, client.Options{Token: s.secret}); err != nil {
		t.Fatal(err)
	}
	return s
}

// end ends the daemon as a signal does.
func (s *served) end(t *testing.T) {
	t.Helper()
	if s.ended == nil {
		return
	}
	s.stop()
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the daemon does not end")
	}
	s.ended = nil
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// configured writes a configuration: name, URL, further keys.
func configured(t *testing.T, databases [][3]string, more string) string {
	t.Helper()
	dir := t.TempDir()
	text := "databases:\n"
	for _, db := range databases {
		if err := os.WriteFile(filepath.Join(dir, db[0]+".url"), []byte(db[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  %s: {url_file: %s.url%s}\n", db[0], db[0], db[2])
	}
	path := filepath.Join(dir, "pgsluice.yaml")
	if err := os.WriteFile(path, []byte(text+more), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// until follows a transfer until its state is one of those that are wanted.
func (s *served) until(t *testing.T, id string, want ...work.State) work.Transfer {
	t.Helper()
	var last work.Transfer
	for l, err := range s.Live(soon(t), id) {
		if err != nil {
			t.Fatal(err)
		}
		last = l.Transfer
		for _, state := range want {
			if last.State == state {
				return last
			}
		}
	}
	t.Fatalf("%s is %s (%s), want %v", id, last.State, last.Error, want)
	return last
}

func TestServeCopies(t *testing.T) {
	t.Parallel()
	source, target := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, source, `CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a SELECT g, 'row ' || g FROM generate_series(1, 1000) g`)
	d := serve(t, daemon.Options{Data: t.TempDir(), Config: configured(t, [][3]string{{"prod", source, ", never_target: true"}, {"staging", target}}, "")}, "")
	made, err := d.Create(soon(t), work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"}, "")
	if err != nil {
		t.Fatal(err)
	}
	done := d.until(t, made.ID, work.Completed)
	if done.ID != "c001" || done.By != "first" || done.Totals.Rows != 1000 {
		t.Errorf("the transfer is %+v", done)
	}
	pgtest.DBDiff(t, source, target)
	report, err := d.Report(soon(t), made.ID)
	if err != nil || strings.Contains(string(report), "127.0.0.1") {
		t.Errorf("the report: %v, %.200s", err, report)
	}
	var conflict *work.Conflict
	var invalid *work.Invalid
	if _, err := d.Create(soon(t), work.Spec{Kind: work.Copy, Source: "staging", Target: "prod"}, ""); !errors.As(err, &conflict) && !errors.As(err, &invalid) {
		t.Errorf("a copy to what is never a target: %v", err)
	}
}
