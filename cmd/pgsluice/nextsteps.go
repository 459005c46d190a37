package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/transfer"
)

// step is what a user can do next, and the command for it.
type step struct{ what, command string }

func (s step) String() string { return fmt.Sprintf("%-12s %s", s.what+":", escapeControls(s.command)) }

// stepLook is the step of asking how far it is.
const stepLook = "look"

// unfinished is an error after which there is something to do. Its Error is that of err.
type unfinished struct {
	err   error
	says  string // how the matter stands
	steps []step
}

func (e *unfinished) Error() string { return e.err.Error() }
func (e *unfinished) Unwrap() error { return e.err }

// commands are a line for each step, which is not broken, however long: it is there to be taken.
func (e *unfinished) commands() string {
	var b strings.Builder
	for _, s := range e.steps {
		b.WriteString("  " + s.String() + "\n")
	}
	return b.String()
}

// withNextSteps adds to the error of a copy what can be done about it. result is of a copy that left its ledger.
func withNextSteps(c *cli.Context, err error, result *transfer.Result) error {
	if c.Command.Name != "copy" { // the demo's servers are gone by now
		return err
	}
	e := &unfinished{err: err, says: fmt.Sprintf("The target says what has arrived: %d of %s done.", result.Done, tasksAre(result.Planned))}
	if result.Failed > 0 && result.Done+result.Failed >= result.Planned {
		e.says = "The target keeps its record of what has arrived: --resume tries again what failed."
	}
	source, target := c.Args().Get(0), c.Args().Get(1)
	if source != "" {
		source = typedAgain(source, "SOURCE")
	}
	if target != "" {
		target = typedAgain(target, "TARGET")
	}
	e.steps = keptSteps(source, target, flagsAgain(c), result.Target.Database, len(result.Mixed) > 0)
	return e
}

func tasksAre(n int) string {
	if n == 1 {
		return "1 task is"
	}
	return fmt.Sprintf("%d tasks are", n)
}

// keptSteps are what can be done about a copy that left its ledger in a database. source and target are as a command line names
// them, "" where the variables do.
func keptSteps(source, target string, flags []string, database string, isMixed bool) []step {
	if source == "" && target != "" {
		source = `"$` + sourceVariable + `"`
	}
	line := func(words ...string) string {
		var kept []string
		for _, w := range append([]string{"pgsluice"}, words...) {
			if w != "" {
				kept = append(kept, w)
			}
		}
		return strings.Join(kept, " ")
	}
	names, resume := append([]string{"copy", source, target}, flags...), "--resume"
	if isMixed {
		resume += "=" + resumeMixed
	}
	return []step{
		{"go on", line(append(names[:len(names):len(names)], resume)...)},
		{"begin again", line(append(names[:len(names):len(names)], "--restart", "--confirm", shellWord(database))...)},
		{stepLook, line("status", target)},
		{"give it up", line("cleanup", target)},
	}
}

// flagsAgain are the flags of a copy as they are typed to go on with it.
func flagsAgain(c *cli.Context) []string {
	var words []string
	for _, f := range describe(c.Command.Flags) {
		name := f.name()
		switch {
		case !c.IsSet(name), name == "clean", name == "confirm", name == "resume", name == "restart":
		case f.repeats:
			for _, value := range c.StringSlice(name) {
				words = append(words, "--"+name, shellWord(value))
			}
		case f.takesValue:
			words = append(words, "--"+name, shellWord(fmt.Sprint(c.Value(name))))
		case c.Bool(name):
			words = append(words, "--"+name)
		default:
			words = append(words, "--"+name+"=false")
		}
	}
	return words
}

// typedAgain is a database's name as a command line has it, or a word in its place if it may hold a password.
func typedAgain(name, word string) string {
	if rest, isURL := cutScheme(name); len(passwords(name)) > 0 || isURL && betweenColonAndAt(rest) != "" {
		return word
	}
	return shellWord(name)
}

// shellWord quotes a word where a shell would read more into it than it says.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@%+=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return shellQuote(s)
}
