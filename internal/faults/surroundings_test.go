package faults

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// surroundings are faults of what is around: other sessions, settings, disks, rows.
var surroundings = []*fault{
	{
		name: "lock held, short", slow: true, places: lockable, expect: only(done), once: true, before: lockBefore, act: locking, beside: release,
	},
	{
		name: "lock held, long", places: func(p phase, s side) bool { return s == source && p == prepare }, once: true, before: lockBefore, act: locking, flags: []string{"--lock-timeout=1s"},
		says: []string{nightly, `hashed`}, expect: only(again),
	},
	{
		name: "lock held, until it is said", slow: true, places: func(p phase, s side) bool { return lockable(p, s) && s == target }, once: true, act: locking,
		expect: only(done), beside: told,
	},
	{
		name: "deadlock", places: func(p phase, s side) bool { return p == constraints && s == target }, once: true, match: regexp.MustCompile(`orders_customer.*FOREIGN KEY`),
		expect: only(done, resumed), says: []string{"deadlock"}, act: deadlock,
	},
	{
		name: "constraint violated", places: func(p phase, s side) bool { return p == data && s == target }, state: "23514", filled: true, act: nothing,
		flags: []string{"--data-only"}, before: strict, expect: only(resumed), says: []string{`sales\.spots`, "small"},
	},
	{
		name: "index not unique", places: func(p phase, s side) bool { return p == indexes && s == target }, once: true, match: regexp.MustCompile(`INDEX.*hashed_v`),
		expect: only(resumed), says: []string{"hashed_v"},
		act: statement("INSERT INTO sales.hashed VALUES ('twice', 1)", "DELETE FROM sales.hashed WHERE k = 'twice'"),
	},
	{
		name: "foreign key violated", slow: true, places: func(p phase, s side) bool { return p == constraints && s == target }, once: true, match: regexp.MustCompile(`items_product.*FOREIGN KEY`),
		expect: only(incomplete), says: []string{"items_product"}, act: statement("DELETE FROM sales.products WHERE id = 7", ""),
	},
	{
		name: "role has timeouts", slow: true, places: func(p phase, s side) bool { return p == data || p == indexes && s == target }, rows: true, expect: only(done), before: timeouts, writes: true,
		act: func(p *play) act {
			return func(l *link, _ direction, _ frame) (verdict, func()) {
				s := p.scenario
				return cut, func() { s.quiet(l, 6) } // the others idle meanwhile, then this one comes again
			}
		},
	},
	{
		name: "no connections, then some", slow: true, places: func(p phase, s side) bool { return p == data }, rows: true, expect: only(done), writes: false, act: crowd, beside: thin,
	},
	{
		// a session of the program's own that has no more work leaves room for the one that was lost
		name: "no connections", slow: true, places: func(p phase, s side) bool { return p == data || p == indexes && s == target }, rows: true, expect: only(done, resumed), act: crowd, flags: []string{"--retry-for=2s"},
		says: []string{"too many|connection slots"},
	},
	{
		name: "a snapshot holder lost", places: func(p phase, s side) bool { return s == source && (p == schema || p == data || p == indexes) }, rows: true, expect: only(done), writes: true, act: holders(1),
	},
	{
		name: "both snapshot holders lost", slow: true, places: func(p phase, s side) bool { return s == source && (p == schema || p == data || p == indexes) }, rows: true, expect: only(done, resumed), act: holders(2),
	},
	{
		name: "stall without end", places: func(p phase, s side) bool { return p == data }, rows: true, slow: true, expect: only(done), writes: true,
		act: func(p *play) act {
			return func(l *link, _ direction, _ frame) (verdict, func()) {
				s := p.scenario
				return pass, func() {
					if !poll(patience, func() bool { return strings.Contains(s.process.output.String(), `"stalled"`) }) {
						s.mu.Lock()
						s.errors = append(s.errors, "nothing was said of the standstill")
						s.mu.Unlock()
					}
				}
			}
		},
	},
}

func nothing(*play) act {
	return func(*link, direction, frame) (verdict, func()) { return pass, nil }
}

// timeouts are what a hoster gives a role.
func timeouts(p *play) {
	const some = `ALTER ROLE mover SET statement_timeout = '800ms'; ALTER ROLE mover SET idle_in_transaction_session_timeout = '800ms';
		ALTER ROLE mover SET lock_timeout = '300ms'; ALTER ROLE mover SET idle_session_timeout = '2s'; ALTER ROLE mover SET search_path = 'nowhere';
		ALTER ROLE mover SET datestyle = 'German'; ALTER ROLE mover SET extra_float_digits = -3; ALTER ROLE mover SET synchronize_seqscans = on`
	for s := range p.lane.clusters {
		if err := p.lane.admin(s, some); err != nil {
			p.Fatal(err)
		}
		p.settle = append(p.settle, func() {
			if err := p.lane.admin(s, "ALTER ROLE mover RESET ALL"); err != nil {
				p.Error(err)
			}
		})
	}
}

// crowd ends the connection at hand and takes all that are left then.
func crowd(p *play) act {
	return func(l *link, _ direction, _ frame) (verdict, func()) {
		conn, err := p.other(p.side, "postgres")
		if err == nil {
			l.reset()
			err = gone(conn, l.backend())
		}
		p.note(err)
		for err == nil {
			_, err = p.other(p.side, "postgres")
		}
		if !strings.Contains(err.Error(), "53300") {
			p.note(err)
		}
		return cut, nil
	}
}

// gone waits for the end of a backend.
func gone(conn *pgx.Conn, pid int) (err error) {
	poll(patience, func() bool {
		var left int
		err = conn.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid).Scan(&left)
		return err != nil || left == 0
	})
	return err
}

// thin lets connections go once the program was refused some.
func thin(p *play) {
	poll(patience, func() bool {
		select {
		case <-p.over:
			return true
		default:
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.refusals >= 2
	})
	p.undo()
}

// holders ends n of the two sessions that hold the snapshot.
func holders(n int) func(p *play) act {
	return func(p *play) act {
		return func(*link, direction, frame) (verdict, func()) {
			for range n {
				v := p.victim(source, p.rng.IntN, "snapshot")
				if v == nil {
					p.errors = append(p.errors, "nobody holds the snapshot")
					return pass, nil
				}
				v.reset()
				<-v.over
				poll(patience, func() bool { return !slices.Contains(p.lane.proxies[source].live(), v) })
			}
			return pass, nil
		}
	}
}
