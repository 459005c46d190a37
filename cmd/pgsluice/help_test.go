package main

import (
	"bytes"
	"io"
	"runtime/debug"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

func TestHelpFitsATerminal(t *testing.T) {
	t.Parallel()
	app := newApp(io.Discard, io.Discard)
	pages := map[string]string{"pgsluice": app.CustomAppHelpTemplate}
	for _, c := range app.Commands {
		pages[c.Name] = c.CustomHelpTemplate
	}
	for name, page := range pages {
		for _, line := range strings.Split(page, "\n") {
			if utf8.RuneCountInString(line) > helpWidth {
				t.Errorf("%s: wider than %d columns: %s", name, helpWidth, line)
			}
			if line != strings.TrimRight(line, " ") {
				t.Errorf("%s: ends with a space: %q", name, line)
			}
		}
		if strings.Contains(page, "{{") {
			t.Errorf("%s: the help would be taken for a template", name)
		}
	}
}

// A flag that is read but not explained, or the other way round, is a mistake.
func TestEveryFlagIsExplained(t *testing.T) {
	t.Parallel()
	for _, f := range describe(copyFlags()) {
		if f.text == "" || f.category == "" || f.takesValue != (f.placeholder != "") {
			t.Errorf("--%s lacks a text, a category or a placeholder: %+v", f.name(), f)
		}
		for _, v := range f.values {
			if v != f.alone && !strings.Contains(f.text, v) {
				t.Errorf("--%s: its help does not name %s", f.name(), v)
			}
		}
	}
}

func TestVersionLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		settings []debug.BuildSetting
		want     string
	}{
		{nil, "pgsluice 0.1.0 (go1.99)"},
		{
			[]debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}},
			"pgsluice 0.1.0 (go1.99, commit 0123456789ab)",
		},
		{
			[]debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
			"pgsluice 0.1.0 (go1.99, commit 0123456789ab, modified)",
		},
	} {
		if got := versionLine(&debug.BuildInfo{GoVersion: "go1.99", Settings: test.settings}); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var text, json bytes.Buffer
	people, program := newConsole(&text), newConsole(&json)
	newLogger(people, "", "").Info("not shown")
	newLogger(people, "", "").Warn("shown")
	newLogger(program, "debug", "json").Debug("shown")
	people.close(unread)
	program.close(unread)
	if got := text.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, " warn shown\n") {
		t.Errorf("text: %q", got)
	}
	if got := json.String(); !strings.HasPrefix(got, `{"level":"debug","ts":"`) || !strings.HasSuffix(got, `"msg":"shown"}`+"\n") {
		t.Errorf("json: %q", got)
	}
}

func captureArgs(into *[]string) cli.ActionFunc {
	return func(c *cli.Context) error {
		*into = c.Args().Slice()
		return nil
	}
}

// A long name has two dashes, also where it is a second one.
func TestSpelling(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]flagInfo{
		"-j, --jobs N":        {names: []string{"jobs", "j"}, takesValue: true, placeholder: "N"},
		"    --format FORMAT": {names: []string{"format", "copy-format"}, takesValue: true, placeholder: "FORMAT"},
		"    --verify":        {names: []string{"verify"}},
	} {
		if got := f.spelling(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
