package transfer

import (
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"pgsluice/internal/pgtest"
)

var errEnough = errors.New("the user has had enough")

// A cancelled copy ends at once, wherever it is, with the cause and without a trace.
func TestCancel(t *testing.T) {
	server, second := pgtest.Server(t), pgtest.Second(t) // before the folder for temporary files is another one
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Run("phase", func(t *testing.T) {
		for name, when := range cancellations {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				src, dst := pgtest.DatabaseOn(t, server), pgtest.DatabaseOn(t, second)
				c := when(t, src, dst)
				c.cancel(errEnough)
				if _, err := c.wait(prompt); !errors.Is(err, errEnough) || err.Error() != errEnough.Error() {
					t.Errorf("error %v, want the cause", err)
				}
			})
		}
	})
	if left, _ := filepath.Glob(filepath.Join(temporary, "pgsluice-*")); len(left) > 0 {
		t.Errorf("folders are left: %v", left)
	}
}

// cancellations bring a copy to the place where it is to be cancelled.
var cancellations = map[string]func(t *testing.T, src, dst string) *copying{
	"connecting to the source": func(t *testing.T, _, dst string) *copying {
		t.Helper()
		silent := listenSilently(t)
		c := beginCopy(t, Options{Source: silent.url, Target: dst})
		<-silent.called
		return c
	},
	"connecting to the target": func(t *testing.T, src, _ string) *copying {
		t.Helper()
		silent := listenSilently(t)
		c := beginCopy(t, Options{Source: src, Target: silent.url})
		<-silent.called
		return c
	},
	"pg_dump waits for a lock": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, smallTables("a"))
		openSession(t, src).exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
		c := beginCopy(t, Options{Source: src, Target: dst})
		until(t, src, dumpWaits)
		return c
	},
	"holder waits for a lock": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, smallTables("a", "b")+bigTable("big", ""))
		app := openSession(t, src)
		app.exec("BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
		c := beginCopy(t, Options{Source: src, Target: dst})
		until(t, src, dumpWaits)
		openSession(t, src).begin("TRUNCATE a")
		app.exec("ROLLBACK")
		until(t, src, "SELECT count(*) > 0 FROM pg_stat_activity WHERE "+ours+" AND "+holder+" AND wait_event_type = 'Lock'")
		return c
	},
	"schema": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, "CREATE SCHEMA s")
		openSession(t, dst).exec("BEGIN; CREATE SCHEMA s")
		c := beginCopy(t, Options{Source: src, Target: dst})
		until(t, dst, schemaWaits)
		return c
	},
	"data, slow source": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, bigTable("a", "")+bigTable("b", ""))
		c := beginCopy(t, Options{Source: src, Target: dst, Limiter: NewLimiter(200_000)})
		c.untilMoved(100_000)
		return c
	},
	"data, slow target": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, gate+bigTable("a", "CHECK (gate(id))")+bigTable("b", ""))
		holdGate(t, dst)
		c := beginCopy(t, Options{Source: src, Target: dst})
		until(t, dst, atGate)
		until(t, src, readerIsHeldUp)
		return c
	},
	"index": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, gate+smallTables("a")+"INSERT INTO a VALUES (100, ''); CREATE INDEX ON a (gate(id))")
		holdGate(t, dst)
		c := beginCopy(t, Options{Source: src, Target: dst})
		until(t, dst, atGate)
		return c
	},
	"finish": func(t *testing.T, src, dst string) *copying {
		t.Helper()
		pgtest.Exec(t, src, gate+"CREATE MATERIALIZED VIEW m AS SELECT gate(100)")
		holdGate(t, dst)
		c := beginCopy(t, Options{Source: src, Target: dst})
		until(t, dst, atGate)
		return c
	},
}

// silent is a server that takes connections and never says a word.
type silent struct {
	url    string
	called chan struct{} // closed by the first connection
}

func listenSilently(t *testing.T) *silent {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &silent{url: "postgres://silent@" + l.Addr().String() + "/silent?sslmode=disable", called: make(chan struct{})}
	var serving sync.WaitGroup
	serving.Go(func() {
		var calls []net.Conn
		for {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			if calls = append(calls, conn); len(calls) == 1 {
				close(s.called)
			}
		}
		for _, conn := range calls {
			conn.Close()
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return s
}
