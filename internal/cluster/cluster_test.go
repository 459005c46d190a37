package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// folder is a parent for clusters that other users can pass through, as they must
// if the tests are root's.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cluster-test-*")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func mustStart(t *testing.T, opts Options) *Cluster {
	t.Helper()
	if opts.Programs.Bin == "" {
		programs, err := Ensure(t.Context(), os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		opts.Programs = programs
	}
	c, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ask returns the first value that sql returns.
func ask(t *testing.T, c *Cluster, sql string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

func TestStartAndRemove(t *testing.T) {
	t.Parallel()
	parent := folder(t)
	c := mustStart(t, Options{Dir: parent})
	for sql, want := range map[string]string{
		"SELECT current_user":   "postgres",
		"SHOW server_encoding":  "UTF8",
		"SHOW lc_messages":      "C",
		"SHOW data_checksums":   "off",
		"SHOW fsync":            "off",
		"SHOW listen_addresses": "127.0.0.1",
		"SHOW server_version":   "",
		"SELECT 'C' = datcollate FROM pg_database WHERE datname = 'template1'": "t",
	} {
		if got := ask(t, c, sql); want != "" && got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	if c.socketDir() != "" {
		conn, err := pgconn.Connect(t.Context(), fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres", c.Dir(), c.Port()))
		if err != nil {
			t.Error(err)
		} else {
			conn.Close(t.Context())
		}
	}
	for range 2 {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(parent); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if !free(c.Port()) {
		t.Errorf("port %d is still in use", c.Port())
	}
	if err := c.Restart(t.Context(), nil); err == nil {
		t.Error("a removed cluster was restarted")
	}
}

// What renewSystemIdentifier wrote must be good enough for a checkpoint, a clean
// restart, and a replay of the WAL.
func TestIdentifiersDifferAndReplayWorks(t *testing.T) {
	t.Parallel()
	const id = "SELECT system_identifier FROM pg_control_system()"
	a := mustStart(t, Options{Settings: map[string]string{"synchronous_commit": "on"}})
	b := mustStart(t, Options{})
	before := ask(t, a, id)
	if other := ask(t, b, id); other == before {
		t.Errorf("both clusters have the identifier %s", before)
	}
	ask(t, a, "CREATE TABLE kept (x int); INSERT INTO kept VALUES (42)")
	if err := a.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := a.Restart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, a, "SELECT x FROM kept"); got != "42" {
		t.Errorf("after a crash the table holds %q", got)
	}
	if got := ask(t, a, id); got != before {
		t.Errorf("the identifier was %s and is %s", before, got)
	}
	if log, err := os.ReadFile(a.LogPath()); err != nil || !strings.Contains(string(log), "automatic recovery in progress") {
		t.Errorf("the crash was no crash: %v\n%s", err, log)
	}
}

func TestRestartWithOtherSettings(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{Settings: map[string]string{"work_mem": "1MB", "application_name": `it's a \ name`}})
	port := c.Port()
	if err := c.Restart(t.Context(), map[string]string{"max_connections": "17"}); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"SHOW max_connections": "17", "SHOW work_mem": "1MB", "SHOW application_name": `it's a \ name`,
	} {
		if got := ask(t, c, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	if c.Port() != port {
		t.Errorf("the port was %d and is %d", port, c.Port())
	}
}

func TestStartFailsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	parent := folder(t)
	programs, err := Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("no more time")
	cancel(cause)
	tests := []struct {
		name string
		ctx  context.Context
		opts Options
		want string
	}{
		{"a setting", t.Context(), Options{Settings: map[string]string{"shared_buffers": "nonsense"}}, `invalid value for parameter "shared_buffers"`},
		{"initdb", t.Context(), Options{InitArgs: []string{"--no-such-option"}}, "unrecognized option"},
		{"cancelled", cancelled, Options{}, cause.Error()},
		{"a certificate", t.Context(), Options{TLS: TLS{Cert: "/nonexistent"}}, "ssl_cert_file"},
	}
	for _, tt := range tests {
		tt.opts.Dir, tt.opts.Programs = parent, programs
		c, err := Start(tt.ctx, tt.opts)
		if err == nil {
			t.Errorf("%s: started; %v", tt.name, c.Remove())
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q in it", tt.name, err, tt.want)
		}
		if left, _ := os.ReadDir(parent); len(left) > 0 {
			t.Errorf("%s: left behind %v", tt.name, left)
		}
	}
}

func TestAnotherProgramHasThePort(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(c.Port()))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Restart(t.Context(), nil)
	l.Close()
	if !errors.Is(err, errPortTaken) {
		t.Errorf("error %v", err)
	}
	if err := c.Restart(t.Context(), nil); err != nil {
		t.Errorf("with the port free again: %v", err)
	}
}

func TestStopCutShort(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	// an ended context may meet a server that is down already
	if err := c.Stop(cancelled); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !free(c.Port()) {
		t.Error("the server still runs")
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

// The kernel's parent-death signal goes by threads: a server must not die with the
// thread that Start was called on. Two are started, since a goroutine may sit on
// the process's first thread, which never ends.
func TestServersOutliveTheThreadsThatStartedThem(t *testing.T) {
	t.Parallel()
	programs, err := Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var clusters [2]*Cluster
	var errs [2]error
	var locked, ended sync.WaitGroup
	locked.Add(2)
	for i := range clusters {
		ended.Go(func() {
			runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
			locked.Done()
			locked.Wait() // each has its thread
			clusters[i], errs[i] = Start(t.Context(), Options{Programs: programs})
		})
	}
	ended.Wait()
	t.Cleanup(func() {
		for _, c := range clusters {
			if c != nil {
				if err := c.Remove(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		ended.Go(runtime.LockOSThread) // the threads of these end, too
	}
	ended.Wait()
	for range 20 {
		for _, c := range clusters {
			ask(t, c, "SELECT 1")
		}
	}
}

// Clusters that start at the same time make one template between them.
func TestTemplateIsMadeOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := Ensure(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("group", func(t *testing.T) {
		for i := range 4 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				ask(t, mustStart(t, Options{Programs: programs}), "SELECT 1")
			})
		}
	})
	found, err := filepath.Glob(filepath.Join(cache, "templates", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 { // the template and its lock
		t.Errorf("the cache holds %v", found)
	}
}

func BenchmarkStart(b *testing.B) {
	programs, err := Ensure(b.Context(), os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := Start(b.Context(), Options{Programs: programs})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := c.Remove(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
