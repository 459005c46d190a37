package main

import (
	"fmt"
	"slices"
	"strings"

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
	var texts []string // a word may be both
	if verb := c.App.Command(word); verb != nil {
		texts = append(texts, verb.CustomHelpTemplate)
	}
	if text, err := docs.Topic(word); err == nil {
		texts = append(texts, text)
	}
	if len(texts) > 0 {
		_, err := fmt.Fprint(c.App.Writer, strings.Join(texts, "\n"))
		return err
	}
	return &usageError{verb: "help", err: fmt.Errorf("no topic %q%s", word, didYouMean(word, helpWords(c.App)))}
}

// helpWords are the words that help explains.
func helpWords(app *cli.App) []string {
	words := verbNames(app)
	for _, topic := range slices.Concat(docs.Topics(), docs.Files()) {
		if !slices.Contains(words, topic) {
			words = append(words, topic)
		}
	}
	return words
}
