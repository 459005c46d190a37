package faults

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"pgsluice/internal/pgtest"
)

// undo takes back what the fault has done to the servers, and waits until they have recovered.
func (p *play) undo() {
	p.Helper()
	for _, undo := range slices.Backward(p.settle) {
		undo()
	}
	p.settle = nil
	for s := range p.lane.clusters {
		var err error
		if !poll(patience, func() bool { err = p.lane.admin(s, "SELECT 1"); return err == nil }) {
			p.Errorf("the %s is not there again: %v", s, err)
		}
	}
}

// finish waits for the program and looks at all that it has said and left.
func (p *play) finish() int {
	p.Helper()
	code := p.scenario.end(p)
	output := p.process.output.String()
	p.outputs = append(p.outputs, output)
	warned := strings.Contains(output, "can read the password")
	switch found, err := leaks(p.dir); {
	case err != nil:
		p.Error(err)
	case len(found) > 0:
		p.Errorf("the password stands in %v", found)
	case tells(output):
		p.Errorf("the password stands in the output (given as %s)", p.login.form)
	case warned != (p.login.form == inArguments) && strings.Contains(output, "\n"):
		p.Errorf("the password was given as %s; warned of it: %v", p.login.form, warned)
	}
	return code
}

// judge goes on, as a user would who reads what the program says, until the databases are to be equal.
func (p *play) judge(code int) outcome {
	p.Helper()
	p.undo()
	switch {
	case p.fault.kills:
		return p.resume(killed)
	case code == 0:
		p.complete()
		return done
	case code == 1:
		p.explained(`source|target|pg_dump`)
		p.unchanged()
		p.rerun(0)
		p.complete()
		return again
	case code == 2:
		for _, w := range p.fault.says {
			if !regexp.MustCompile(w).MatchString(p.last()) {
				p.Errorf("it does not say %q:\n%s", w, tail(p.last()))
			}
		}
		p.mentions(`failed`)
		p.nothingRuns()
		return incomplete
	case code == 4:
		p.explained(`--resume`)
		return p.resume(resumed)
	case code == 130:
		if p.hasLedger() {
			p.mentions(`--resume`)
		}
		return p.resume(interrupted)
	}
	p.Errorf("exit code %d; it says:\n%s", code, tail(p.last()))
	return red
}

func (p *play) last() string { return p.outputs[len(p.outputs)-1] }

// rerun runs the program to its end without a fault.
func (p *play) rerun(want int, flags ...string) {
	p.Helper()
	if code := p.again(flags...); code != want {
		p.Fatalf("%v: exit code %d, not %d:\n%s", flags, code, want, tail(p.last()))
	}
}

func (p *play) again(flags ...string) (code int) {
	p.Helper()
	p.scene().begin(p, p.dir, p.login, append(slices.Clone(p.flags), flags...)...)
	return p.finish()
}

// resume is how a user goes on after a run that has left a part.
func (p *play) resume(as outcome) outcome {
	p.Helper()
	if !p.hasLedger() {
		// it had not begun to write: there is nothing to go on from, and the target is as it was
		p.unchanged()
		p.rerun(0)
		p.complete()
		return map[outcome]outcome{killed: killedEarly, interrupted: interruptedEarly}[as]
	}
	p.ledgerTells()
	if p.writers == nil {
		p.rerun(0, "--resume")
		p.complete()
		return as
	}
	if p.again("--resume") == 0 {
		// no row was there yet, or all: then the target is of one moment all the same
		p.complete()
		return as
	}
	p.mentions(`written to|changed`, `--restart`, `--resume=mixed`)
	if p.rng.IntN(2) == 0 {
		p.rerun(0, "--restart", "--confirm", p.lane.targetName())
		p.previous = nil
		p.complete()
		return restarted
	}
	switch code := p.again("--resume=mixed"); code {
	case 0:
		p.ofSeveral = true
		p.complete()
	case 2: // rows of two moments may violate foreign keys
		p.mentions("failed")
		p.nothingRuns()
		return mixedTold
	default:
		p.Errorf("--resume=mixed: exit code %d:\n%s", code, tail(p.last()))
	}
	return mixed
}

func (p *play) hasLedger() bool {
	return pgtest.Scalar[bool](p, p.lane.url(target, p.lane.targetName()), "SELECT to_regnamespace('_pgsluice') IS NOT NULL")
}

// ledgerTells looks for the password in what the program keeps on the target, and asks the program for what that is.
func (p *play) ledgerTells() {
	p.Helper()
	status := exec.Command(programPath(p), append([]string{"status"}, p.login.args[min(1, len(p.login.args)):]...)...)
	status.Env = environment(p.dir, p.login)
	said, err := status.CombinedOutput()
	switch {
	case err != nil:
		p.Errorf("status: %v\n%s", err, said)
	case tells(string(said)):
		p.Errorf("the password stands in the status:\n%s", said)
	case !strings.Contains(string(said), p.lane.targetName()):
		p.Errorf("the status does not name the database:\n%s", said)
	}
	url := p.lane.url(target, p.lane.targetName())
	for _, table := range pgtest.Query(p, url, "SELECT oid::regclass FROM pg_class WHERE relnamespace = '_pgsluice'::regnamespace AND relkind IN ('r', 'v', 'S')") {
		for _, row := range pgtest.Query(p, url, "SELECT x::text FROM "+table[0]+" x") {
			if tells(row[0]) {
				p.Errorf("the password stands in %s of the target: %.200s", table[0], row[0])
			}
		}
	}
}
