package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/daemon/token"
	"pgsluice/internal/transfer"
)

const tokensDescription = `Lists the tokens that let people and programs into a daemon, or changes them.
They are in its data directory, whose owner alone can do that; a daemon that
runs takes each change at once. A token is shown once, when it is made: only its
hash is kept.

  tokens                list them
  tokens add NAME       make one, and print it
  tokens remove NAME    it opens nothing any more`

const tokensExamples = `Examples:
  pgsluice tokens add grafana --role read --data /var/lib/pgsluice
  pgsluice tokens add ci --role operate --data /var/lib/pgsluice > token
  pgsluice tokens remove ci --data /var/lib/pgsluice

Exit codes: 0 done, 1 nothing was changed.`

func tokensCommand() *cli.Command {
	return &cli.Command{
		Name: "tokens", Usage: "list or change who may use a daemon", ArgsUsage: "[add|remove NAME]",
		Description: tokensDescription, UsageText: tokensExamples,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "data", TakesFile: true, Usage: "`DIR` the daemon's data directory: what serve got as --data (default: as serve's)"},
			&cli.StringFlag{Name: "role", Usage: "`ROLE` read: look at everything; operate: change it, too (default read)"},
			&cli.BoolFlag{Name: "json", Usage: "for programs: a list of objects"},
		},
		Action: tokensAction,
	}
}

func tokensAction(c *cli.Context) error {
	usage := func(format string, args ...any) error {
		return &usageError{verb: "tokens", err: fmt.Errorf(format, args...)}
	}
	dir, word, name := c.String("data"), c.Args().First(), c.Args().Get(1)
	if dir == "" {
		var err error
		if dir, err = stateDir(); err != nil {
			return usage("%w", err)
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return &transfer.Refused{Err: fmt.Errorf("%s: no such directory: has the daemon been started? --data names another", dir)}
	}
	file := token.In(dir)
	switch {
	case word == "" && c.IsSet("role"):
		return usage("--role goes with tokens add")
	case word == "":
		return listTokens(c, file)
	case word != "add" && word != "remove":
		return usage("%q: it must be add or remove", word)
	case c.NArg() != 2 || name == "":
		return usage("tokens %s takes one name", word)
	case word == "remove":
		return refusedByFile(file.Remove(name))
	}
	role := token.Read
	if c.IsSet("role") {
		role = token.Role(c.String("role"))
	}
	secret, err := file.Add(name, role)
	if err != nil {
		return refusedByFile(err)
	}
	_, err = fmt.Fprintln(c.App.Writer, secret)
	return err
}

func listTokens(c *cli.Context, file *token.File) error {
	tokens, err := file.List()
	switch {
	case err != nil:
		return refusedByFile(err)
	case c.Bool("json"):
		return writeJSON(c.App.Writer, tokens)
	case len(tokens) == 0:
		say(c.App.ErrWriter, "no tokens")
		return nil
	}
	var rows [][]string
	for _, t := range tokens {
		rows = append(rows, []string{t.Name, string(t.Role), when(t.Created)})
	}
	return columns(c.App.Writer, []string{"NAME", "ROLE", "CREATED"}, rows)
}

// refusedByFile is an error of the tokens' file, which is as it was.
func refusedByFile(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, token.ErrExists) {
		err = fmt.Errorf("%w: remove it first", err)
	}
	return &transfer.Refused{Err: err}
}
