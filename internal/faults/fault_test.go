package faults

import (
	"fmt"
	"os"
	"regexp"
	"slices"
)

// fault is one thing that may happen, and what must come of it.
type fault struct {
	name string
	// places are the phases and sides in which it makes sense.
	places func(phase, side) bool
	// match narrows the statements down at which it may fire.
	match *regexp.Regexp
	// rowsOf fires it within the rows where the phase has any.
	rows bool
	act  func(p *play) act
	// expect lists what may come of it.
	expect func(phase, side) []outcome
	// writes says that writers may change the source meanwhile.
	writes bool
	kills  bool // the program: it has no exit code
	// changes says that writers must: the fault is about them.
	changes bool
	// filled says that the target has its tables before.
	filled     bool
	tablespace string // of the target database
	flags      []string
	// says are what the program must say of it, if it does not succeed.
	says []string
	// state fires it at a server's error of that SQLSTATE: what led to it was done before.
	state string
	// once fires it at the first statement that matches.
	once bool
	// slow keeps it out of `make test`, for its time or because another is much like it.
	slow bool
	// before is called before the program starts, beside runs beside it.
	before, beside func(p *play)
}

func (f *fault) mayWrite(p phase, s side) bool {
	return f.writes && slices.Contains(f.expect(p, s), done) && len(f.expect(p, s)) <= 2 && !slices.Contains(f.expect(p, s), resumed)
}

// foreign are the statements of the constraints phase that do not wait for the rows of all tables.
var foreign = regexp.MustCompile(`FOREIGN KEY|VALIDATE`)

// point is where the fault fires. The program has little to say to the source while it writes the schema and builds indexes: there
// a statement to the target sets off what happens to the source.
func (f *fault) point(p phase, s side) point {
	at := point{side: s, phase: p, match: f.match}
	if l, there := locks[p]; there && at.match == nil && f.once {
		at.match = l.at
	}
	if p == data && f.rows {
		at.unit = rows
	}
	if s == source && p != prepare && p != data {
		at.side = target
		if p == constraints {
			at.match = foreign
		}
	}
	return at
}

func everywhere(phase, side) bool { return true }

// connected are the places where the program has a connection that it needs.
func connected(p phase, s side) bool { return s == target || p != finish }

// retried is what a lost connection must come to. Before the target is touched, the program may also give up.
func retried(p phase, _ side) []outcome {
	if p == prepare {
		return []outcome{done, again}
	}
	return []outcome{done}
}

// ended is what a server's end must come to: the target's is waited for, the source's takes the snapshot away, as long as it is
// needed.
func ended(p phase, s side) []outcome {
	switch {
	case p == prepare:
		return []outcome{done, again}
	case s == target, p == finish:
		return []outcome{done}
	case p == data: // the last rows may have been read
		return []outcome{done, resumed}
	}
	return []outcome{resumed}
}

// crashed is that for a server that crashes: the target's unlogged tables are empty then, and can't be filled once the
// snapshot is released. The source's other backends end a moment after the one that crashed: the last rows, which were held up, may
// be on their way by then.
func crashed(p phase, s side) []outcome {
	if s == target && p >= data || s == source && (p == indexes || p == constraints) {
		return []outcome{done, resumed}
	}
	return ended(p, s)
}

// onVictim does it to the connection of the message, or, if it is on the other side, to another one.
func onVictim(do func(p *play, v *link, same bool) verdict) func(p *play) act {
	return func(p *play) act {
		return func(l *link, _ direction, _ frame) (verdict, func()) {
			if l.proxy.side == p.side {
				return do(p, l, true), nil
			}
			v := p.victim(p.side, p.rng.IntN)
			if v == nil {
				v = p.victim(p.side, p.rng.IntN, "watch")
			}
			if v == nil {
				p.errors = append(p.errors, "the program has no connection that could be lost")
				return pass, nil
			}
			return do(p, v, false), nil
		}
	}
}

// broken are the faults of one connection.
var broken = []*fault{
	{
		name: "backend terminated", places: connected, rows: true, writes: true, expect: retried,
		act: onVictim(func(p *play, v *link, _ bool) verdict {
			p.note(p.lane.admin(p.side, fmt.Sprintf("SELECT pg_terminate_backend(%d)", v.backend())))
			return pass
		}),
	},
	{
		name: "connection reset", places: connected, rows: true, writes: true, expect: retried,
		act: onVictim(func(_ *play, v *link, same bool) verdict {
			if same {
				return cut
			}
			v.reset()
			return pass
		}),
	},
	{
		name: "half a message", places: connected, rows: true, writes: true, expect: retried,
		act: onVictim(func(_ *play, v *link, same bool) verdict {
			if same {
				return half
			}
			v.breakOff()
			return pass
		}),
	},
	{
		name: "half an answer", slow: true, places: func(p phase, s side) bool { return p == prepare || p == data || s == target }, writes: true, expect: retried,
		act: onVictim(func(_ *play, v *link, _ bool) verdict {
			v.breakAnswer()
			return pass
		}),
	},
	{
		name: "answer lost", places: func(p phase, s side) bool { return p == prepare || p == data || s == target }, writes: true, expect: retried,
		act: onVictim(func(_ *play, v *link, _ bool) verdict {
			v.loseAnswer()
			return pass
		}),
	},
	{
		name: "COMMIT's answer lost", places: func(p phase, s side) bool { return p != prepare && s == target }, match: regexp.MustCompile(`\bCOMMIT\b`), writes: true, expect: retried,
		act: onVictim(func(_ *play, v *link, _ bool) verdict {
			v.loseAnswer()
			return pass
		}),
	},
	{
		name: "stall, then on", slow: true, places: func(p phase, s side) bool { return p == prepare || p == data || s == target }, rows: true, writes: true,
		expect: func(phase, side) []outcome { return []outcome{done} },
		act: func(p *play) act {
			return func(l *link, _ direction, _ frame) (verdict, func()) {
				s := p.scenario
				return pass, func() { s.quiet(l, 4) }
			}
		},
	},
}

// servers are the faults of a whole server.
var servers = []*fault{
	{name: "server restarted, fast", slow: true, places: everywhere, rows: true, expect: ended, act: restarting(false)},
	{name: "server restarted, immediate", places: everywhere, rows: true, expect: crashed, act: restarting(true)},
	{
		name: "backend killed with SIGKILL", places: connected, rows: true, expect: crashed,
		act: onVictim(func(p *play, v *link, _ bool) verdict {
			p.blurred = p.blurred || p.side == source
			backend, err := os.FindProcess(v.backend())
			p.note(err)
			p.note(backend.Kill())
			return pass
		}),
	},
}

func restarting(immediate bool) func(p *play) act {
	return func(p *play) act {
		return func(*link, direction, frame) (verdict, func()) {
			p.blurred = p.blurred || p.side == source && immediate
			p.note(p.lane.restart(p.side, immediate))
			return pass, nil
		}
	}
}

// note keeps an error that the harness itself met; scenario.mu is held.
func (s *scenario) note(err error) {
	if err != nil {
		s.errors = append(s.errors, "the harness: "+err.Error())
	}
}

// leaving are the faults of the program itself.
var leaving = []*fault{
	{name: "kill -9", slow: true, places: everywhere, rows: true, kills: true, expect: left(killed, killedEarly), act: killing},
	{name: "SIGINT", places: everywhere, rows: true, expect: left(interrupted, interruptedEarly), act: signalling},
	{name: "kill -9, source written to", places: func(p phase, _ side) bool { return p != prepare && p != finish }, rows: true, kills: true, changes: true, expect: only(restarted, mixed, mixedTold, killed, killedEarly), act: killing},
}

// left is what a run that the program's end has cut off comes to. It begins to write when the schema does.
func left(late, early outcome) func(phase, side) []outcome {
	return func(p phase, _ side) []outcome {
		if p == prepare {
			return []outcome{early, late}
		}
		return []outcome{late}
	}
}

func only(o ...outcome) func(phase, side) []outcome {
	return func(phase, side) []outcome { return o }
}

func killing(p *play) act {
	arrives := p.rng.IntN(2) == 0
	return func(*link, direction, frame) (verdict, func()) {
		<-p.started
		p.process.kill()
		if arrives {
			return pass, nil
		}
		return cut, nil
	}
}

func signalling(p *play) act {
	return func(*link, direction, frame) (verdict, func()) {
		<-p.started
		p.note(p.process.cmd.Process.Signal(os.Interrupt))
		return pass, nil
	}
}
