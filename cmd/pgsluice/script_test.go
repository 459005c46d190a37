//go:build unix

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"pgsluice/internal/cluster"
	"pgsluice/internal/daemon/worktest"
	"pgsluice/internal/pgtest"
)

// TestMain is the program itself when it is called by the program's name: the scripts run this binary through a
// link. (testscript.Main would do that too, but it must be the one who ends the process, and so must pgtest.)
func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "pgsluice" {
		main()
	}
	pgtest.Main(m, func() error { return goleak.Find() })
}

// state is what the commands of one script share.
type state struct {
	test   testing.TB
	called chan struct{} // gets a value for each connection to $SILENT
	// service is that of the daemon in memory, if the script has one
	service *worktest.Service
}

type stateKey struct{}

func stateOf(ts *testscript.TestScript) *state { return ts.Value(stateKey{}).(*state) }

func TestScripts(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "pgsluice")); err != nil {
		t.Fatal(err)
	}
	pgtest.Programs(t) // on PATH from here on
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Values[stateKey{}] = &state{test: env.T().(testing.TB)}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "hangup" { // not where the tests themselves run under nohup
				return !signal.Ignored(syscall.SIGHUP), nil
			}
			path, ok := strings.CutPrefix(cond, "exists:")
			if !ok {
				return false, fmt.Errorf("unknown condition %s", cond)
			}
			_, err := os.Stat(path)
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"databases": databases,
			"passwords": passwordServer,
			"fill":      fill,
			"silence":   silence,
			"deserted":  deserted,
			"signalled": signalled,
			"sql":       sql,
			"value":     value,
			"equal":     equal,
			"servers":   serversFolder,
			"empty":     empty,
			"stopped":   stopped,
			"appears":   appears,
			"copying":   copying,
			"daemon":    daemonInMemory,
			"happens":   happens,
		},
	})
}

// exits CODE PROGRAM ARG...: runs a program that must end with this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// shop is the schema of the databases that the scripts copy.
const shop = `
CREATE TABLE customer (id int PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, note text);
CREATE INDEX ON orders (customer);
INSERT INTO customer SELECT i FROM generate_series(1, 100) i;
INSERT INTO orders SELECT i, i, repeat('x', i) FROM generate_series(1, 100) i;`

// databases: makes two empty databases on two servers: $SOURCE and $TARGET are their URLs, $SOURCE_DATABASE,
// $SOURCE_PORT and so on the parts, $SHOP is SQL that fills one.
func databases(ts *testscript.TestScript, _ bool, _ []string) {
	t := stateOf(ts).test
	ts.Setenv("SHOP", shop)
	for word, server := range map[string]*cluster.Cluster{"SOURCE": pgtest.Server(t), "TARGET": pgtest.Second(t)} {
		url := pgtest.DatabaseOn(t, server)
		ts.Setenv(word, url)
		ts.Setenv(word+"_DATABASE", pgtest.Scalar[string](t, url, "SELECT current_database()"))
		ts.Setenv(word+"_PORT", strconv.Itoa(server.Port()))
	}
}

// passwords: starts a server at $LOCKED_PORT that asks the role clerk for the password "geheim".
func passwordServer(ts *testscript.TestScript, _ bool, _ []string) {
	t := stateOf(ts).test
	c := pgtest.New(t, cluster.Options{HBA: []string{
		"local all all trust",
		"host all clerk 127.0.0.1/32 md5",
		"host all postgres 127.0.0.1/32 trust",
	}})
	pgtest.Exec(t, c.URL("postgres"), "CREATE ROLE clerk SUPERUSER LOGIN PASSWORD 'geheim'")
	ts.Setenv("LOCKED_PORT", strconv.Itoa(c.Port()))
}

// fill FILE: replaces the variables in a file by their values.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(path, []byte(text), 0o600))
}

// sql URL STATEMENT: runs statements.
func sql(ts *testscript.TestScript, _ bool, args []string) {
	pgtest.Exec(stateOf(ts).test, args[0], args[1])
}

// value URL QUERY WANT: compares the one value that a query returns.
func value(ts *testscript.TestScript, neg bool, args []string) {
	got := pgtest.Query(stateOf(ts).test, args[0], args[1])
	if len(got) != 1 || len(got[0]) != 1 || (got[0][0] == args[2]) == neg {
		ts.Fatalf("%s: got %q, want %s", args[1], got, args[2])
	}
}

// equal: $SOURCE and $TARGET hold the same schema and rows.
func equal(ts *testscript.TestScript, _ bool, _ []string) {
	pgtest.DBDiff(stateOf(ts).test, ts.Getenv("SOURCE"), ts.Getenv("TARGET"))
}

// signalled SIGNAL CODE WHEN PROGRAM ARG...: runs a program, sends it a signal and expects the exit code. WHEN is
// "called", when it has called at $SILENT, transfer:ID, when it follows that transfer of the daemon in memory, or the URL of a database, when a COPY runs there.
func signalled(ts *testscript.TestScript, neg bool, args []string) {
	signal, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}[args[0]]
	want, err := strconv.Atoi(args[1])
	if neg || !ok || err != nil {
		ts.Fatalf("usage: signalled INT|TERM|HUP CODE called|URL PROGRAM ARG...")
	}
	first, _, _ := strings.Cut(ts.Getenv("PATH"), string(filepath.ListSeparator))
	cmd := exec.Command(filepath.Join(first, args[3]), args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME")}
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its exit code is what matters
	}()
	id, ofDaemon := strings.CutPrefix(args[2], "transfer:")
	switch {
	case args[2] == "called":
		select {
		case <-stateOf(ts).called:
		case <-ended:
		}
	case ofDaemon:
		followed(ts, id, ended)
	default:
		awaitCount(ts, args[2], "query LIKE 'COPY %'", "1", ended)
	}
	select {
	case <-ended:
		ts.Fatalf("it ended with exit code %d before the signal", cmd.ProcessState.ExitCode())
	default:
	}
	ts.Check(cmd.Process.Signal(signal))
	<-ended
	if code := cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// deserted URL...: waits until no session of pgsluice's is left on these servers.
func deserted(ts *testscript.TestScript, _ bool, args []string) {
	for _, url := range args {
		awaitCount(ts, url, "true", "0", nil)
	}
}

// copying URL: waits until a COPY runs there.
func copying(ts *testscript.TestScript, _ bool, args []string) {
	awaitCount(ts, args[0], "query LIKE 'COPY %'", "1", nil)
}

// awaitCount waits until so many sessions of pgsluice's fit the condition, or ended is closed.
func awaitCount(ts *testscript.TestScript, url, condition, count string, ended <-chan struct{}) {
	const query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pgsluice%' AND "
	test := stateOf(ts).test
	for pgtest.Query(test, url, query+condition)[0][0] != count && test.Context().Err() == nil {
		select {
		case <-ended:
			return
		default: // each look is a connection of its own: that is pause enough
		}
	}
}

// appears FILE: waits until there is such a file.
func appears(ts *testscript.TestScript, _ bool, args []string) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Lstat(ts.MkAbs(args[0])); err == nil {
			return
		}
		select {
		case <-stateOf(ts).test.Context().Done():
			ts.Fatalf("%s did not appear", args[0])
		case <-look.C:
		}
	}
}

// silence: makes $SILENT, the URL of a server that takes connections and never answers.
func silence(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	called := make(chan struct{}, 100)
	stateOf(ts).called = called
	left := make(chan struct{})
	go func() {
		defer close(left)
		var conns []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			conns = append(conns, c)
			called <- struct{}{}
		}
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	ts.Defer(func() {
		_ = l.Close()
		<-left
	})
	ts.Setenv("SILENT", fmt.Sprintf("postgres://u@%s/d?sslmode=disable", l.Addr()))
}
