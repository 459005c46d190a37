//go:build unix

package durable

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"pgsluice/internal/cluster"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// TestStoppedAndContinued stops a daemon (SIGSTOP) in the midst of a copy for longer than its lease, lets another one on the same NATS server
// take over, and lets the first go on while that one copies. One comes to the target by TCP, the other by the socket, so the target's log tells
// who has done what.
//
// Both are the same role: the ledger ends the old run's backends of its own role alone, and waits for those of another.
func TestStoppedAndContinued(t *testing.T) {
	if *kills < 10 {
		t.Skip("`make durable` runs it: the claim on the target is void after 35 s of silence only")
	}
	t.Parallel()
	target := pgtest.New(t, cluster.Options{Settings: map[string]string{"log_line_prefix": "%h|%p|%x|", "log_statement": "all"}})
	source, copied := pgtest.Database(t), pgtest.DatabaseOn(t, target)
	pgtest.Exec(t, source, shop)
	nats := natsServer(t)
	daemons := map[string]*daemon{}
	begin := func(name string) *daemon {
		urls := map[string]string{"prod": source, "staging": copied}
		if name == "second" {
			database, _, _ := strings.Cut(path.Base(copied), "?")
			urls["staging"] = fmt.Sprintf("host=%s port=%d user=postgres dbname=%s", target.Dir(), target.Port(), database)
		}
		config := configured(t, urls, map[string]string{"prod": ", rate_limit: 400kB/s, max_streams: 2"}, "")
		daemons[name] = newDaemon(t, config, "--nats", nats, "--takeover", "2s", "--name", name)
		return daemons[name]
	}
	sessions := func(byTCP bool, doing string) int {
		return pgtest.Scalar[int](t, target.URL("postgres"), `SELECT count(*)::int FROM pg_stat_activity
WHERE application_name LIKE 'pgsluice %' AND (client_addr IS NOT NULL) = $1 AND query ILIKE $2`, byTCP, doing)
	}

	first := begin("first")
	id := first.create(work.Spec{Kind: work.Copy, Source: "prod", Target: "staging"})
	wait(t, "COPY of the first daemon", func() bool { return sessions(true, "copy%") > 0 })
	first.signal(syscall.SIGSTOP)
	second := begin("second")
	wait(t, "COPY of the second daemon", func() bool { return sessions(false, "copy%") > 0 })
	at := size(t, target.LogPath())
	first.signal(syscall.SIGCONT)
	done := second.completed(id)
	if done.Attempts != 2 || done.Daemon == "first" {
		t.Errorf("the transfer ended as %+v", done)
	}
	second.history(id) // has one end
	pgtest.DBDiff(t, source, copied)

	first.ready()
	wait(t, "end of the first daemon's sessions", func() bool {
		return sessions(true, "%") == 0
	})
	for _, line := range committed(t, target.LogPath(), at, "127.0.0.1") {
		t.Errorf("the first daemon has written behind its lease: %s", line)
	}
	if lines := committed(t, target.LogPath(), at, "[local]"); len(lines) == 0 {
		t.Error("the log does not show what the second daemon has committed, and so would not show what the first has")
	}
	pgtest.DBDiff(t, source, copied)

	// the first is a daemon like any other
	again := first.create(work.Spec{Kind: work.Verify, Source: "prod", Target: "staging"})
	if v := first.completed(again); v.Equal == nil || !*v.Equal {
		t.Errorf("the verification found %+v", v)
	}
}

func (d *daemon) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// natsServer is an external one, as a cluster's member would be.
func natsServer(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// commit is one of a transaction that has written: it has an id.
var commit = regexp.MustCompile(`(?i)^([^|]+)\|\d+\|([1-9]\d*)\|LOG: .*(statement|execute [^:]*): *(commit|end)\b`)

// committed are the commits of a host in the log behind a place.
func committed(t *testing.T, file string, from int64, host string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text[from:])) {
		if m := commit.FindStringSubmatch(line); len(m) > 1 && m[1] == host {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}
