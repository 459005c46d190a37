package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/docs"
)

func helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "explain a command or a topic",
		ArgsUsage: "[COMMAND | TOPIC]",
		Action:    helpAction,
	}
}

func helpAction(c *cli.Context) error {
	if !c.Args().Present() {
		return cli.ShowAppHelp(c)
	}
	word := c.Args().First()
	if c.NArg() > 1 {
		return &usageError{verb: "help", err: fmt.Errorf("surplus argument %q: one topic at a time", c.Args().Get(1))}
	}
	if verb := c.App.Command(word); verb != nil {
		_, err := fmt.Fprint(c.App.Writer, verb.CustomHelpTemplate)
		return err
	}
	if text, err := docs.Topic(word); err == nil {
		_, err = fmt.Fprint(c.App.Writer, text)
		return err
	}
	return &usageError{verb: "help", err: fmt.Errorf("no topic %q%s", word, didYouMean(word, helpWords(c.App)))}
}

// helpWords are the words that help explains.
func helpWords(app *cli.App) []string {
	return append(verbNames(app), docs.Topics()...)
}
