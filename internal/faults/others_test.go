package faults

import (
	"context"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// nightly is what somebody else's session calls itself: a message about its lock must name it.
const nightly = "nightly job"

// other opens a session of somebody else. It ends, with what it holds, when the fault is undone.
func (p *play) other(s side, database string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(p.lane.url(s, database))
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = nightly
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err == nil {
		p.settle = append(p.settle, func() { conn.Close(context.Background()) })
	}
	return conn, err
}

func (p *play) do(conn *pgx.Conn, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := conn.Exec(ctx, sql)
	return err
}

// waits waits until a session of the program waits for a lock that somebody else holds.
func (p *play) waits(s side) bool {
	const sql = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'mover' AND EXISTS (SELECT FROM unnest(pg_blocking_pids(pid)) b JOIN pg_stat_activity a ON a.pid = b WHERE a.application_name = '" + nightly + "')) THEN RAISE 'not yet'; END IF; END $$"
	return poll(patience, func() bool {
		select {
		case <-p.over:
			return true
		default:
			return p.lane.admin(s, sql) == nil
		}
	})
}

// lock is held from a statement of the phase on. where is what is locked then.
type lock struct {
	at   *regexp.Regexp
	what string
}

var locks = map[phase]lock{
	data:        {regexp.MustCompile(`^BEGIN|^COPY`), "sales.hashed IN ACCESS EXCLUSIVE MODE"},
	indexes:     {regexp.MustCompile(`INDEX.*hashed_v`), "sales.hashed IN ROW EXCLUSIVE MODE"},
	constraints: {regexp.MustCompile(`tree_parent.*FOREIGN KEY`), "sales.tree IN ROW EXCLUSIVE MODE"},
}

func lockable(p phase, s side) bool {
	_, there := locks[p]
	return s == target && there || s == source && p == prepare
}

// locking takes the lock: on the source before the program starts, on the target when the phase begins.
func locking(p *play) act {
	return func(*link, direction, frame) (verdict, func()) {
		if p.side == target {
			conn, err := p.other(target, p.lane.targetName())
			if err == nil {
				err = p.do(conn, "BEGIN; LOCK TABLE "+locks[p.phase].what+" NOWAIT")
			}
			p.note(err)
		}
		return pass, nil
	}
}

func lockBefore(p *play) {
	if p.side != source {
		return
	}
	conn, err := p.other(source, p.lane.sourceName(p.writers != nil))
	if err == nil {
		err = p.do(conn, "BEGIN; LOCK TABLE sales.hashed IN ACCESS EXCLUSIVE MODE")
	}
	if err != nil {
		p.Fatal(err)
	}
}

// release ends a short lock once the program waits for it.
func release(p *play) {
	p.until(nil, p.fired)
	if fired, _, _ := p.outcome(); fired && p.waits(p.side) {
		p.undo()
	}
}

// told ends a lock once the program has said who holds it.
func told(p *play) {
	p.until(nil, p.fired)
	if !poll(patience, func() bool {
		select {
		case <-p.over:
			return true
		default:
			output := p.process.output.String()
			return strings.Contains(output, `"blocked"`) && strings.Contains(output, nightly)
		}
	}) {
		p.Error("it was not said who holds the lock")
	}
	p.undo()
}

// statement changes the target behind the program's back, and undoes that later.
func statement(sql, undo string) func(p *play) act {
	return func(p *play) act {
		return func(*link, direction, frame) (verdict, func()) {
			conn, err := p.other(target, p.lane.targetName())
			if err == nil {
				err = p.do(conn, sql)
			}
			p.note(err)
			p.settle = append(p.settle, func() {
				if err := p.do(conn, undo); err != nil {
					p.Error(err)
				}
			})
			return pass, nil
		}
	}
}

// deadlock: somebody holds customers, waits until the program, which holds orders, wants customers, and then wants orders.
func deadlock(p *play) act {
	return func(l *link, _ direction, _ frame) (verdict, func()) {
		conn, err := p.other(target, p.lane.targetName())
		if err == nil {
			// the other session never gives in
			err = p.do(conn, "SET deadlock_timeout = '100s'; BEGIN; LOCK TABLE sales.customers IN ROW EXCLUSIVE MODE NOWAIT")
		}
		p.note(err)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if err == nil && p.waits(target) {
				err = p.do(conn, "LOCK TABLE sales.orders IN ROW EXCLUSIVE MODE; ROLLBACK")
			}
		}()
		p.settle = append(p.settle, func() {
			<-ended
			if err != nil {
				p.Error(err)
			}
		})
		return pass, nil
	}
}

// strict makes the tables before, one of them with a constraint that the source's rows violate.
func strict(p *play) {
	p.rerun(0, "--schema-only")
	url := p.lane.targetName()
	conn, err := p.other(target, url)
	if err == nil {
		err = p.do(conn, "ALTER TABLE sales.spots ADD CONSTRAINT small CHECK (at[0] < 200)")
	}
	if err != nil {
		p.Fatal(err)
	}
	p.flags = append(p.flags, "--data-only")
	p.settle = append(p.settle, func() {
		if err := p.do(conn, "ALTER TABLE sales.spots DROP CONSTRAINT small"); err != nil {
			p.Error(err)
		}
	})
}
