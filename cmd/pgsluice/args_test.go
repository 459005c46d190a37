package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// FACTS.md 29: cli/v2 by itself stops reading flags at the first argument.
func TestFlagsStandAnywhere(t *testing.T) {
	t.Parallel()
	const keywords = "host=localhost dbname=my db"
	for _, test := range []struct {
		name string
		args []string
		want string // flags, then "--", then names, joined with spaces
	}{
		{"none", nil, "--"},
		{"names only", []string{"a", "b"}, "-- a b"},
		{"before", []string{"--jobs", "4", "a", "b"}, "--jobs=4 -- a b"},
		{"after", []string{"a", "b", "--jobs", "4"}, "--jobs=4 -- a b"},
		{"between", []string{"a", "--jobs", "4", "b"}, "--jobs=4 -- a b"},
		{"around", []string{"--no-owner", "a", "-j", "4", "b", "--clean"}, "--no-owner=true --jobs=4 --clean=true -- a b"},
		{"equals", []string{"a", "--jobs=4", "b"}, "--jobs=4 -- a b"},
		{"short", []string{"a", "-j", "4"}, "--jobs=4 -- a"},
		{"short, glued", []string{"a", "-j4"}, "--jobs=4 -- a"},
		{"short, equals", []string{"a", "-j=4"}, "--jobs=4 -- a"},
		{"off", []string{"a", "--no-owner=false"}, "--no-owner=false -- a"},
		{"a bool takes no next word", []string{"--no-owner", "false"}, "--no-owner=true -- false"},
		{"the last wins, in order", []string{"-j", "4", "--jobs=8"}, "--jobs=4 --jobs=8 --"},
		{"dashes end flags", []string{"--", "-j", "--clean"}, "-- -j --clean"},
		{"dashes after flags", []string{"-j4", "a", "--", "-b"}, "--jobs=4 -- a -b"},
		{"second dashes are a name", []string{"--", "--", "a"}, "-- -- a"},
		{"a lone dash is a name", []string{"-"}, "-- -"},
		{"a lone dash as value", []string{"--report", "-", "a"}, "--report=- -- a"},
		{"keyword string", []string{keywords, "--jobs", "4"}, "--jobs=4 -- " + keywords},
		{"URL", []string{"postgres://h/d?sslmode=disable", "--clean"}, "--clean=true -- postgres://h/d?sslmode=disable"},
		{"value with equals", []string{"--confirm=a=b"}, "--confirm=a=b --"},
		{"value with spaces", []string{"--confirm", "my db"}, "--confirm=my db --"},
		{"value from a dash", []string{"--confirm=--odd"}, "--confirm=--odd --"},
		{"empty value", []string{"--confirm", "", "a"}, "--confirm= -- a"},
		{"empty name", []string{"", "b"}, "--  b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			line, err := orderArgs(describe(copyFlags()), test.args)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(line.args(), " "); got != test.want {
				t.Errorf("%q became %q, want %q", test.args, got, test.want)
			}
		})
	}
}

func TestArgumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"copy --jbos 4", "unknown flag --jbos (did you mean --jobs?)"},
		{"copy a b --frobnicate", "unknown flag --frobnicate"},
		{"copy --password=geheim", "unknown flag --password"},
		{"copy -x", "unknown flag -x"},
		{"copy --j 4", "unknown flag --j"},
		{"copy a b --jobs", "--jobs needs a value: --jobs N"},
		{"copy a b --report --clean", "--report needs a value: --report FILE"},
		{"copy --index-jobs many", "--index-jobs many: not a whole number"},
		{"copy --index-jobs 0", "--index-jobs 0: must be at least 1"},
		{"copy --index-jobs -4", "--index-jobs -4: must be at least 1"},
		{"copy --index-jobs 99999999999999999999", "--index-jobs 99999999999999999999: too large a number"},
		{"copy --clean=perhaps", "--clean=perhaps: takes no value, or =true or =false"},
		{"copy --format csv", "--format csv: must be auto, binary or text"},
		{"copy --on-error ignore", "--on-error ignore: must be stop or continue"},
		{"copy --log-level loud", "--log-level loud: must be debug, info, warn or error"},
		{"copy --log-format xml", "--log-format xml: must be text or json"},
		{"--jobs 4 copy a b", "unknown flag --jobs: flags stand behind the command"},
	} {
		_, err := arrange(newApp(io.Discard, io.Discard), append([]string{"pgsluice"}, strings.Fields(test.args)...))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.args, err, test.want)
		}
		if exitCode(err) != exitRefused {
			t.Errorf("%s: exit code %d, want %d", test.args, exitCode(err), exitRefused)
		}
	}
}

func TestHelpAndVersionWin(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"copy a b c -h":           "copy --help",
		"copy --clean --help a b": "copy --help",
		"copy --version":          "--version",
		"copy a -- --help":        "copy -- a --help",
		"copy --help=false a":     "copy --help=false -- a",
		"--help":                  "--help=true --",
		"-V":                      "--version=true --",
	} {
		got, err := arrange(newApp(io.Discard, io.Discard), append([]string{"pgsluice"}, strings.Fields(args)...))
		if err != nil || !slices.Equal(got[1:], strings.Fields(want)) {
			t.Errorf("%s became %q (%v), want %s", args, got[1:], err, want)
		}
	}
}

// A database may be called what cli/v2 takes for its help verb.
func TestNamesThatAreVerbsElsewhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"help", "h", "copy", "completion"} {
		app := newApp(io.Discard, io.Discard)
		var got []string
		app.Command("copy").Action = captureArgs(&got)
		args, err := arrange(app, []string{"pgsluice", "copy", name, "x"})
		if err != nil {
			t.Fatal(err)
		}
		if err := app.RunContext(t.Context(), args); err != nil {
			t.Fatal(err)
		}
		if want := []string{name, "x"}; !slices.Equal(got, want) {
			t.Errorf("copy got the names %q, want %q", got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	known := []string{"copy", "completion", "help", "version"}
	for word, want := range map[string]string{
		"cpy":     " (did you mean copy?)",
		"Copy":    " (did you mean copy?)",
		"verison": " (did you mean version?)",
		"dump":    "",
		"x":       "",
		"":        "",
	} {
		if got := didYouMean(word, known); got != want {
			t.Errorf("didYouMean(%q) = %q, want %q", word, got, want)
		}
	}
}
