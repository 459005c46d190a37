package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// apt runs the tools of Debian's package manager with the same options each time.
type apt struct {
	options []string
	log     io.Writer
}

// command is one of the tools, in a plain locale, that never asks a question.
func (a apt) command(ctx context.Context, tool string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, tool, append(append([]string{}, a.options...), args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	cmd.Stderr = a.log
	return cmd
}

// run runs a tool whose output is for the user to read.
func (a apt) run(ctx context.Context, tool string, args ...string) error {
	cmd := a.command(ctx, tool, args...)
	cmd.Stdout = a.log
	return wrap(cmd, cmd.Run())
}

func (a apt) output(ctx context.Context, tool string, args ...string) (string, error) {
	cmd := a.command(ctx, tool, args...)
	out, err := cmd.Output()
	return string(out), wrap(cmd, err)
}

func wrap(cmd *exec.Cmd, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
}

// serverPackage finds the line "  Depends: postgresql-15" of the package that
// always depends on the distribution's own major version.
var serverPackage = regexp.MustCompile(`(?m)^\s*Depends: postgresql-(\d+)$`)

// major is the distribution's major version of PostgreSQL; apt knows none
// before its lists have been fetched.
func (a apt) major(ctx context.Context) (string, error) {
	out, err := a.output(ctx, "apt-cache", "depends", "postgresql")
	if err != nil {
		return "", err
	}
	m := serverPackage.FindStringSubmatch(out)
	if m == nil {
		return "", errors.New("apt knows no package postgresql that depends on a server")
	}
	return m[1], nil
}

// createClusterDir holds what pg_createcluster.conf includes.
const createClusterDir = "/etc/postgresql-common/createcluster.d"

// aptInstall installs the distribution's server as root would. Its postinst
// would also make a cluster and start it on port 5432, which nobody asked for:
// a setting forbids that, and goes away again when the package is in.
func aptInstall(ctx context.Context, log io.Writer) (err error) {
	a := apt{log: log}
	fmt.Fprintln(log, "PostgreSQL's server programs are missing here: installing the distribution's package")
	// lists are empty on a fresh machine, and stale ones name packages that the
	// mirror has no more
	if err := a.run(ctx, "apt-get", "-q", "update"); err != nil {
		return err
	}
	major, err := a.major(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(createClusterDir, 0o755); err != nil {
		return err
	}
	setting := filepath.Join(createClusterDir, "pgsluice.conf")
	if err := os.WriteFile(setting, []byte("create_main_cluster = false\n"), 0o644); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(setting)) }()
	return a.run(ctx, "apt-get", "-q", "-y", "--no-install-recommends", "install", "postgresql-"+major)
}
