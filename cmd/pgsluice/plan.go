package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/preflight"
	"pgsluice/internal/transfer"
)

const planDescription = `Says what a copy would do, in which order and about how long, and everything
that would stand in its way, with what to do about it. Nothing is changed, no
table is read: the figures are estimates of the server's. Databases are named as
for copy; without TARGET only the source is looked at. Flags mean what they mean
for copy.`

const planExamples = `Examples:
  # would it work, and how long would it take?
  pgsluice plan service=old service=new

  # a managed service: without the roles of the old one
  pgsluice plan service=old service=new --no-owner --no-acl

  # only look at the source; as JSON
  pgsluice plan service=old --format json

Exit codes:
  0    a copy would begin
  1    it would not: there is an error among the findings
  130  interrupted (SIGINT), 143 (SIGTERM), 129 (SIGHUP)`

// planFlags are those of copy that decide what it does.
var planFlagNames = []string{
	"schema-only", "data-only", "no-owner", "no-acl", "no-comments", "no-tablespaces", "no-publications", "no-db-settings", "subscriptions",
	"jobs", "max-jobs", "rate-limit", "index-jobs", "total-jobs", "split-above", "no-analyze", "vacuum", "lock-timeout", "on-error", "pg-dump", "clean", "confirm",
}

func planCommand() *cli.Command {
	flags := slices.DeleteFunc(copyFlags(), func(f cli.Flag) bool { return !slices.Contains(planFlagNames, f.Names()[0]) })
	flags = append(flags,
		&cli.StringFlag{Name: copyFormat, Category: "How to copy", Usage: "`FORMAT` of the rows, which copy calls --format: auto, binary or text (default auto)"},
		&cli.BoolFlag{Name: "all", Category: categoryOutput, Usage: "list all tables, not only the largest"},
		&cli.StringFlag{Name: "format", Category: categoryOutput, Usage: "`FORMAT` text or json (default text)"},
	)
	return &cli.Command{
		Name:        "plan",
		Usage:       "say what a copy would do, and what stands in its way",
		ArgsUsage:   "[SOURCE [TARGET]]",
		Description: planDescription,
		UsageText:   planExamples,
		Flags:       flags,
		Action:      planAction,
	}
}

// planNames are the databases; the target may be left out, as argument and as variable.
func planNames(args []string) (source, target string, err error) {
	if len(args) > 0 && args[0] != "" || os.Getenv(sourceVariable) != "" {
		if (len(args) < 2 || args[1] == "") && os.Getenv(targetVariable) == "" {
			if len(args) == 0 || args[0] == "" {
				return os.Getenv(sourceVariable), "", nil
			}
			return args[0], "", nil
		}
	}
	return databaseNames(args)
}

func planAction(c *cli.Context) error {
	opt, err := flagOptions(c)
	if err == nil {
		opt.Source, opt.Target, err = planNames(c.Args().Slice())
	}
	if err != nil {
		return &usageError{verb: "plan", err: err}
	}
	con := consoleOf(c)
	if warning := passwordWarning(c.Args().Slice()); warning != "" {
		say(con, "pgsluice: warning: "+warning)
	}
	ctx, stop := interruptible(c.Context, con, os.Exit)
	defer stop()
	outlook, err := transfer.DryRun(ctx, opt, opt.Target == "")
	if err != nil {
		return err
	}
	hide(outlook.Findings, secrets(c.Args().Slice()))
	if c.String("format") == "json" {
		err = writePlanJSON(c.App.Writer, outlook)
	} else {
		text := planText{Outlook: outlook, width: widthOf(c.App.Writer), all: c.Bool("all")}
		if opt.Limiter != nil {
			text.rate = opt.Limiter.Rate()
		}
		_, err = io.WriteString(c.App.Writer, text.String())
	}
	if err != nil {
		return err
	}
	return obstacles(outlook.Findings)
}

// hide masks secrets, which a driver may quote of a malformed name.
func hide(findings []preflight.Finding, secrets []string) {
	for i := range findings {
		findings[i].What = mask(findings[i].What, secrets)
	}
}

// obstacles is the error that a copy would be refused with, in a few words: the findings have been told.
func obstacles(findings []preflight.Finding) error {
	n := 0
	for _, f := range findings {
		if f.Level == preflight.Error {
			n++
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return &transfer.Refused{Err: errors.New("one error stands in the way of a copy")}
	}
	return &transfer.Refused{Err: fmt.Errorf("%d errors stand in the way of a copy", n)}
}
