package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// arrange rewrites a command line so that cli/v2 understands it: cli/v2 stops reading flags at the first
// argument, so "copy A B --jobs 4" would be four arguments and no flag. After arrange all flags come first,
// each as --name=value, then "--", then the arguments. Help and version win over everything else.
func arrange(app *cli.App, args []string) ([]string, error) {
	if len(args) < 2 {
		return args, nil
	}
	program, verb := args[0], app.Command(args[1])
	if verb == nil {
		line, err := orderArgs(describe(app.Flags), args[1:])
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("%w: flags stand behind the command", err)}
		}
		return append([]string{program}, line.args()...), nil
	}
	line, err := orderArgs(describe(verb.Flags), args[2:])
	switch {
	case err != nil:
		return nil, &usageError{verb: verb.Name, err: err}
	case line.help:
		return []string{program, verb.Name, "--help"}, nil
	case line.version:
		return []string{program, "--version"}, nil
	}
	return append([]string{program, verb.Name}, line.args()...), nil
}

// commandLine is a verb's arguments, taken apart.
type commandLine struct {
	flags         []string // each --name=value, in the order given
	names         []string // what is not a flag
	help, version bool
}

func (l *commandLine) args() []string {
	return append(append(append([]string{}, l.flags...), "--"), l.names...)
}

// orderArgs takes args apart. Flags may stand anywhere before a "--", as --name value, --name=value, -n value,
// -nvalue or -n=value; a flag without a value may be given one with "=" only. Everything behind "--" is a name,
// and so is a lone "-".
func orderArgs(flags []flagInfo, args []string) (*commandLine, error) {
	line := &commandLine{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			line.names = append(line.names, args...)
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			line.names = append(line.names, arg)
			continue
		}
		f, value, hasValue, err := readFlag(flags, arg)
		if err != nil {
			return nil, err
		}
		if !hasValue {
			switch {
			case f.alone != "":
				value = f.alone
			case !f.takesValue:
				value = "true"
			case len(args) == 0 || strings.HasPrefix(args[0], "--"):
				return nil, fmt.Errorf("--%s needs a value: --%s %s", f.name(), f.name(), f.placeholder)
			default:
				value, args = args[0], args[1:]
			}
		}
		if err := f.check(value); err != nil {
			return nil, err
		}
		line.add(f, value)
	}
	return line, nil
}

func (l *commandLine) add(f *flagInfo, value string) {
	on := value == "true"
	l.help = l.help || on && f.name() == "help"
	l.version = l.version || on && f.name() == "version"
	l.flags = append(l.flags, "--"+f.name()+"="+value)
}

// readFlag finds the flag that arg names and the value that is part of arg, if any.
func readFlag(flags []flagInfo, arg string) (f *flagInfo, value string, hasValue bool, err error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	long := strings.HasPrefix(arg, "--")
	if !long && len(name) > 1 {
		// -j4: what follows the letter is its value
		if f := findFlag(flags, name[:1]); f != nil && f.takesValue {
			return f, strings.TrimPrefix(arg[2:], "="), true, nil
		}
	}
	if f := findFlag(flags, name); f != nil && long == (len(name) > 1) {
		return f, value, hasValue, nil
	}
	dashed, _, _ := strings.Cut(arg, "=") // the value may be a secret
	return nil, "", false, fmt.Errorf("unknown flag %s%s", dashed, didYouMean("--"+name, longNames(flags)))
}

func findFlag(flags []flagInfo, name string) *flagInfo {
	for i := range flags {
		for _, n := range flags[i].names {
			if n == name {
				return &flags[i]
			}
		}
	}
	return nil
}

func longNames(flags []flagInfo) []string {
	var names []string
	for _, f := range flags {
		names = append(names, "--"+f.name())
	}
	return names
}

// check refuses a value of the wrong kind in words; cli would say "parse error".
func (f *flagInfo) check(value string) error {
	switch {
	case f.isNumber:
		n, err := strconv.Atoi(value)
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("--%s %s: too large a number", f.name(), value)
		}
		if err != nil {
			return fmt.Errorf("--%s %s: not a whole number", f.name(), value)
		}
		if n < 1 {
			return fmt.Errorf("--%s %s: must be at least 1", f.name(), value)
		}
	case !f.takesValue:
		if _, err := strconv.ParseBool(value); err != nil {
			return fmt.Errorf("--%s=%s: takes no value, or =true or =false", f.name(), value)
		}
	case len(f.values) > 0:
		for _, v := range f.values {
			if v == value {
				return nil
			}
		}
		return fmt.Errorf("--%s %s: must be %s", f.name(), value, orList(f.values))
	}
	return nil
}

// orList joins words as a sentence does: "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
