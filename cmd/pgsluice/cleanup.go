package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"pgsluice/internal/transfer"
)

const cleanupDescription = `Removes what an incomplete copy records on its target, the schema _pgsluice, so
that nothing of pgsluice is left there. No row and no object of yours is
touched: what has arrived stays. But nobody can go on with that copy afterwards.
It refuses while a pgsluice is at work on the target; whether one is, it may
take ten seconds to find out. TARGET is named as for copy; without an argument
it is what PGSLUICE_TARGET says.`

const cleanupExamples = `Examples:
  # how far did it come? then give it up
  pgsluice status service=new
  pgsluice cleanup service=new

Exit codes:
  0    nothing of pgsluice is left there, or nothing was
  1    nothing was changed
  4    the connection was lost in the middle: pgsluice status says what is left
  130  interrupted (SIGINT), 143 (SIGTERM), 129 (SIGHUP)`

func cleanupCommand() *cli.Command {
	return &cli.Command{
		Name:        "cleanup",
		Usage:       "remove what an incomplete copy records on its target",
		ArgsUsage:   "[TARGET]",
		Description: cleanupDescription,
		UsageText:   cleanupExamples,
		Action:      cleanupAction,
	}
}

func cleanupAction(c *cli.Context) error {
	name, _, err := targetName(c.Args().Slice())
	if err != nil {
		return &usageError{verb: "cleanup", err: err}
	}
	warnOfPassword(c, name)
	con := consoleOf(c)
	ctx, stop := interruptible(c.Context, con, os.Exit)
	defer stop()
	s, removed, err := transfer.Cleanup(ctx, name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, escapeControls(cleaned(s, removed)))
	return err
}

// cleaned says what was removed.
func cleaned(s *transfer.Status, removed bool) string {
	switch {
	case !removed:
		return fmt.Sprintf("%s: no copy was left incomplete, there is nothing to remove", s.Target)
	case s.Copy == nil:
		return fmt.Sprintf("%s: schema _pgsluice is removed", s.Target)
	}
	return fmt.Sprintf("%s: the record of the copy of %s is removed; %d of %s done. What has arrived stays, but that copy can't be resumed: pgsluice copy --clean begins anew",
		s.Target, s.Copy.Source, s.Copy.Done, tasksAre(s.Copy.Tasks))
}
