package main

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

// The completion scripts hold all words themselves. Asking the program, as cli/v2 offers, would run the
// half-typed command line on each press of Tab.
//
//go:embed completion
var completionTemplates embed.FS

const completionDescription = `SHELL is bash, zsh or fish. To load it now, and in each new shell:

  bash   source <(pgsluice completion bash)
         echo 'source <(pgsluice completion bash)' >> ~/.bashrc
  zsh    pgsluice completion zsh > "${fpath[1]}/_pgsluice"
  fish   pgsluice completion fish > ~/.config/fish/completions/pgsluice.fish`

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print a script that completes commands and flags",
		ArgsUsage:   "SHELL",
		Description: completionDescription,
		Action:      completionAction,
	}
}

func completionAction(c *cli.Context) error {
	shells := []string{"bash", "zsh", "fish"}
	shell := c.Args().First()
	if c.NArg() != 1 || !strings.Contains(" bash zsh fish ", " "+shell+" ") {
		return &usageError{verb: "completion", err: fmt.Errorf("name one shell: %s", orList(shells))}
	}
	t := template.New(shell).Funcs(template.FuncMap{"join": join, "quote": shellQuote, "bracket": zshBracket})
	t, err := t.ParseFS(completionTemplates, "completion/"+shell+".tmpl")
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(c.App.Writer, shell+".tmpl", completions(c.App))
}

// completionVerb is a verb as the templates see it.
type completionVerb struct {
	Name, Usage string
	Flags       []completionFlag
	Words       []string // what its arguments may be, if that is known
	Files       bool     // its arguments may be files
}

// TakesValues says whether any of the verb's flags has a value.
func (v completionVerb) TakesValues() bool {
	for _, f := range v.Flags {
		if f.TakesValue {
			return true
		}
	}
	return false
}

type completionFlag struct {
	Long, Short, Text string
	TakesValue        bool
	Values            []string
	File              bool
}

func completions(app *cli.App) []completionVerb {
	var verbs []completionVerb
	for _, c := range app.Commands {
		if c.Hidden {
			continue
		}
		verb := completionVerb{Name: c.Name, Usage: c.Usage}
		for _, f := range describe(c.Flags) {
			flag := completionFlag{Long: f.name(), Text: f.text, TakesValue: f.takesValue, Values: f.values, File: f.isFile, Short: f.short()}
			verb.Flags = append(verb.Flags, flag)
		}
		switch c.Name {
		case "completion":
			verb.Words = []string{"bash", "zsh", "fish"}
		case "help":
			verb.Words = helpWords(app)
		case "schedules":
			verb.Words = []string{"show", "set", "suspend", "resume", "remove"}
		case "tokens":
			verb.Words = []string{"add", "remove"}
		case "limit", "status", "convert":
			verb.Files = true
		}
		verbs = append(verbs, verb)
	}
	return verbs
}

func join(words []string) string { return strings.Join(words, " ") }

// shellQuote quotes a word for zsh and fish: both take it as it is between single quotes.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// zshBracket escapes what has a meaning inside a description of zsh's _arguments.
func zshBracket(s string) string {
	return strings.NewReplacer(`[`, `\[`, `]`, `\]`, `:`, `\:`, `'`, `'\''`).Replace(s)
}
