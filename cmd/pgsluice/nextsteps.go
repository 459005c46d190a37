package main

import (
	"cmp"
	"fmt"
	"slices"
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
	if c.Command.Name != "copy" && c.Command.Name != "restore" { // the demo's servers are gone by now
		return err
	}
	e := &unfinished{err: err, says: fmt.Sprintf("The target says what has arrived: %d of %s done.", result.Done, tasksAre(result.Planned))}
	if result.Failed > 0 && result.Done+result.Failed >= result.Planned {
		e.says = "The target keeps its record of what has arrived: --resume tries again what failed."
	}
	k := kept{flags: flagsAgain(c), database: result.Target.Database, isMixed: len(result.Mixed) > 0}
	if result.Source.Archive != "" {
		k.restore, k.target, k.origin = true, typedName(c.Args().Get(0), "TARGET"), "-"
		if path := c.Args().Get(1); path != "" && path != "-" {
			k.origin = shellWord(path)
		}
	} else {
		k.origin, k.target = typedName(c.Args().Get(0), "SOURCE"), typedName(c.Args().Get(1), "TARGET")
	}
	e.steps = k.steps()
	return e
}

// typedName is typedAgain for a name that may have been left out.
func typedName(name, word string) string {
	if name == "" {
		return ""
	}
	return typedAgain(name, word)
}

func tasksAre(n int) string {
	if n == 1 {
		return "1 task is"
	}
	return fmt.Sprintf("%d tasks are", n)
}

// kept is a transfer that left its ledger in a database.
type kept struct {
	restore bool // it is of an archive
	// origin and target are as a command line names them, "" where the variables do; an archive that was read from stdin is -.
	origin, target string
	flags          []string
	database       string
	isMixed        bool
}

// steps are what can be done about it.
func (k kept) steps() []step {
	if k.origin == "" && k.target != "" {
		k.origin = `"$` + sourceVariable + `"`
	}
	line := func(words ...string) string {
		words = slices.DeleteFunc(append([]string{"pgsluice"}, words...), func(w string) bool { return w == "" })
		return strings.Join(words, " ")
	}
	names, resume, input := []string{"copy", k.origin, k.target}, "--resume", ""
	switch {
	case k.restore && k.origin == "-":
		names, input = []string{"restore", k.target}, "< ARCHIVE"
	case k.restore:
		names = []string{"restore", cmp.Or(k.target, `"$`+targetVariable+`"`), k.origin}
	}
	if k.isMixed {
		resume += "=" + resumeMixed
	}
	again := func(more ...string) string {
		return line(slices.Concat(names, k.flags, more, []string{input})...)
	}
	return []step{
		{"go on", again(resume)},
		{"begin again", again("--restart", "--confirm", shellWord(k.database))},
		{stepLook, line("status", k.target)},
		{"give it up", line("cleanup", k.target)},
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
