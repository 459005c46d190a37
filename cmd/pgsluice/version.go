package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// version is the release that CHANGELOG.md describes.
const version = "0.1.0"

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:   "version",
		Usage:  "print the version, the Go release and the commit",
		Action: func(c *cli.Context) error { return noArgs(c, printVersion) },
	}
}

func printVersion(c *cli.Context) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	_, err := fmt.Fprintln(c.App.Writer, versionLine(info))
	return err
}

// versionLine is "pgsluice 0.1.0 (go1.26.8, commit 0123456789ab, modified)"; a build outside a repository has
// no commit to tell.
func versionLine(info *debug.BuildInfo) string {
	about := []string{info.GoVersion}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		about = append(about, "commit "+revision[:min(12, len(revision))])
	}
	if settings["vcs.modified"] == "true" {
		about = append(about, "modified")
	}
	return fmt.Sprintf("pgsluice %s (%s)", version, strings.Join(about, ", "))
}

// noArgs runs action if the verb was given no arguments, and says so otherwise.
func noArgs(c *cli.Context, action cli.ActionFunc) error {
	if c.Args().Present() {
		return &usageError{verb: c.Command.Name, err: fmt.Errorf("surplus argument %q", c.Args().First())}
	}
	return action(c)
}
