package faults

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"pgsluice/internal/cluster"
	"pgsluice/internal/pgtest"
)

// lane is a pair of servers with a proxy before each. Its cases run one after the other, so that one may restart a server,
// take all its connections, and see whether anything has changed; lanes run side by side.
type lane struct {
	clusters map[side]*cluster.Cluster
	proxies  map[side]*proxy
	cases    int
	disk     string // the folder that small lies in
	noDisk   error  // why there is none
}

// settings of the servers: nothing happens by itself, since a source on which autovacuum takes a transaction id is no
// longer the one that was copied from.
var settings = map[string]string{
	"autovacuum": "off", "max_connections": "40", "log_min_messages": "fatal",
	"shared_buffers": "32MB", "log_min_error_statement": "panic",
}

func newLane(t testing.TB, onTarget cluster.Options) *lane {
	t.Helper()
	l := &lane{clusters: map[side]*cluster.Cluster{}, proxies: map[side]*proxy{}}
	for _, s := range []side{source, target} {
		opt := cluster.Options{}
		if s == target {
			opt = onTarget
		}
		opt.Settings = settings
		opt.HBA = []string{"local all all trust", "host all postgres 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"}
		c := pgtest.New(t, opt)
		l.clusters[s] = c
		l.proxies[s] = newProxy(t, s, net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port())))
		pgtest.Exec(t, c.URL("postgres"), roles+literal(password))
	}
	l.makeShop(t)
	l.makeDisk(t)
	return l
}

func (l *lane) makeShop(t testing.TB) {
	t.Helper()
	pgtest.Exec(t, l.url(source, "postgres"), "CREATE DATABASE shop TEMPLATE template0")
	pgtest.Exec(t, l.url(source, "shop"), shop)
	pgtest.Exec(t, l.url(source, "shop"), fillCache)
	pgtest.Exec(t, l.url(source, "shop"), "VACUUM ANALYZE")
	pgtest.Exec(t, l.url(source, "shop"), "CHECKPOINT")
}

// url leads to the server itself, as its superuser.
func (l *lane) url(s side, database string) string { return l.clusters[s].URL(database) }

// admin runs SQL on the server itself.
func (l *lane) admin(s side, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return pgtest.Run(ctx, l.url(s, "postgres"), sql)
}

// restart is what a case does to a server: connections are refused until it is ready again.
func (l *lane) restart(s side, immediate bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	l.proxies[s].down()
	if immediate {
		if err := l.clusters[s].Crash(); err != nil {
			return err
		}
	}
	if err := l.clusters[s].Restart(ctx, nil); err != nil {
		return err
	}
	return l.proxies[s].up()
}

// patience ends a case in which what must come does not; nothing takes that long on a machine that is not overloaded.
const patience = 90 * time.Second

// poll waits until condition holds.
func poll(within time.Duration, condition func() bool) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			return condition()
		case <-tick.C:
		}
	}
	return true
}

// sourceName and targetName are the databases of the case at hand.
func (l *lane) sourceName(own bool) string {
	if own {
		return fmt.Sprintf("own%d", l.cases)
	}
	return "shop"
}

func (l *lane) targetName() string { return fmt.Sprintf("t%d", l.cases) }
