package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgsluice/internal/pgtest"
)

// outcome is what a case came to.
type outcome string

const (
	done        outcome = "done in one run"
	again       outcome = "refused, nothing changed; done when run again"
	resumed     outcome = "exit 4; done with --resume"
	interrupted outcome = "exit 130; done with --resume"
	killed      outcome = "killed; done with --resume"
	// the program had not begun to write, so there was nothing to go on from
	interruptedEarly outcome = "exit 130, nothing changed; done when run again"
	killedEarly      outcome = "killed, nothing changed; done when run again"
	restarted        outcome = "--resume refused, the source had changed; done with --restart"
	mixed            outcome = "--resume refused, the source had changed; done with --resume=mixed"
	mixedTold        outcome = "--resume refused, the source had changed; --resume=mixed: exit 2, a key that rows of two moments violate is told"
	incomplete       outcome = "exit 2, the object is named"
	red              outcome = "RED"
)

// trial is one case: a fault, where it strikes, and its seed.
type trial struct {
	fault *fault
	phase phase
	side  side
	seed  uint64
}

func (c trial) String() string {
	return fmt.Sprintf("%s/%s/%s/%d", strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(c.fault.name), c.phase, c.side, c.seed)
}

// play is a trial in work.
type play struct {
	testing.TB
	trial
	lane     *lane
	rng      *rand.Rand
	dir      string
	login    login
	flags    []string
	expected contents // of the source before the program began, where nothing writes
	writers  *writers
	*scenario
	outputs  []string
	previous []contents // what earlier runs' snapshots showed
	settle   []func()   // undo what the fault did to the servers, before the program is run again
	blurred  bool       // the source's server has crashed: its unlogged tables are empty
	// ofSeveral says that each table may be as of another moment.
	ofSeveral bool
}

// run plays the trial and says what came of it; it corrects the phase where only the servers know it. All that is wrong is an error of t.
func (l *lane) run(t testing.TB, c *trial, seen []moment) (result outcome) {
	t.Helper()
	p := &play{TB: t, trial: *c, lane: l, rng: rand.New(rand.NewPCG(c.seed, 7))}
	result = red
	defer p.clean()
	p.open()
	at, ok := p.fault.point(c.phase, c.side).draw(p.rng, seen)
	if p.fault.state != "" || p.fault.once {
		at, ok = p.fault.point(c.phase, c.side), true
		at.at = 1
	}
	if !ok {
		t.Fatalf("no run has %v", p.fault.point(c.phase, c.side))
	}
	t.Logf("%v; seed %d; %s; writers %v", at, c.seed, p.login.form, p.writers != nil)
	s := p.scene()
	s.point, s.act, s.state = &at, p.watched(p.fault.act(p)), p.fault.state
	s.gate = p.side == source && (p.phase == indexes || p.phase == constraints)
	s.begin(t, p.dir, p.login, append(slices.Clone(p.flags), p.fault.flags...)...)
	var beside sync.WaitGroup
	if p.fault.beside != nil {
		beside.Go(func() { p.fault.beside(p) })
	}
	code := p.finish()
	beside.Wait()
	fired, count, struck := s.outcome()
	if !fired {
		t.Errorf("the fault did not fire: %d of %d; %s", count, at.at, tail(p.last()))
		return red
	}
	if s.state != "" {
		c.phase = struck
	}
	result = p.judge(code)
	if t.Failed() {
		return red
	}
	if !slices.Contains(p.fault.expect(c.phase, c.side), result) {
		t.Errorf("%s, expected %v", result, p.fault.expect(c.phase, c.side))
		return red
	}
	return result
}

// watched asks the program, in some cases, how it is, just before the fault: what it says over its socket has no password
// in it either.
func (p *play) watched(a act) act {
	if p.rng.IntN(4) > 0 {
		return a
	}
	return func(l *link, d direction, f frame) (verdict, func()) {
		<-p.started
		switch said := p.process.status(); {
		case tells(said):
			p.errors = append(p.errors, "the password stands in the status")
		case !strings.Contains(said, "After"):
			p.errors = append(p.errors, "the status is "+said)
		}
		return a(l, d, f)
	}
}

// open makes the databases and, where there are to be any, starts the writers.
func (p *play) open() {
	l := p.lane
	l.cases++
	own := p.fault.mayWrite(p.phase, p.side) && p.rng.IntN(2) == 0 || p.fault.changes
	p.database(target, "TEMPLATE template0")
	if own {
		p.database(source, "TEMPLATE shop")
	}
	var err error
	if p.dir, err = os.MkdirTemp("", "pgf-"); err != nil {
		p.Fatal(err)
	}
	p.login, err = newLogin(anyForm(p.rng), password, p.dir, map[side]int{source: l.proxies[source].port, target: l.proxies[target].port},
		map[side]string{source: l.sourceName(own), target: l.targetName()})
	if err != nil {
		p.Fatal(err)
	}
	if own {
		p.writers = write(l.url(source, l.sourceName(true)))
	} else if p.expected, err = readFrom(context.Background(), l.url(source, "shop")); err != nil {
		p.Fatal(err)
	}
	if p.fault.before != nil {
		p.fault.before(p)
	}
}

func (p *play) database(s side, how string) {
	name := p.lane.targetName()
	if s == source {
		name = p.lane.sourceName(true)
	}
	if p.fault.tablespace != "" && s == target {
		how += " TABLESPACE " + p.fault.tablespace
	}
	if err := p.lane.admin(s, "CREATE DATABASE "+name+" "+how); err != nil {
		p.Fatal(err)
	}
}

// scene begins a new run's scenario.
func (p *play) scene() *scenario {
	if p.scenario != nil {
		p.previous = append(p.previous, p.testimonies()...)
	}
	p.scenario = newScenario(p.lane)
	if p.writers != nil {
		p.scenario.witness = p.lane.url(source, p.lane.sourceName(true))
	}
	return p.scenario
}

// clean drops what the case has made.
func (p *play) clean() {
	p.Helper()
	p.undo()
	if p.writers != nil {
		_, _ = p.writers.stop()
	}
	if p.scenario != nil && p.process != nil {
		p.process.kill()
	}
	for _, x := range p.lane.proxies {
		x.watchWith(nil)
		x.cutAll()
	}
	drop := func(s side, name string) {
		if err := p.lane.admin(s, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			p.Error(err)
		}
	}
	drop(target, p.lane.targetName())
	drop(source, p.lane.sourceName(true))
	if p.blurred {
		if err := pgtest.Run(context.Background(), p.lane.url(source, "shop"), fillCache); err != nil {
			p.Error(err)
		}
	}
	if p.Failed() {
		for i, out := range p.outputs {
			_ = os.WriteFile(filepath.Join(p.dir, fmt.Sprintf("output%d", i)), []byte(out), 0o600)
		}
		p.Logf("kept in %s; %s", p.dir, tail(strings.Join(p.outputs, "\n")))
		return
	}
	if err := os.RemoveAll(p.dir); err != nil {
		p.Error(err)
	}
}
