package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Ensure returns the newest programs of this machine, and gets the ones of the
// distribution where there are none: on Debian and its children from the
// machine's own apt sources, installed if this process is root's, otherwise
// unpacked into the user's cache folder without a change to the system. It says
// on log what it does. Elsewhere the error says what to install.
func Ensure(ctx context.Context, log io.Writer) (Programs, error) {
	all, err := Find(ctx)
	if err == nil {
		return all[0], nil
	}
	if !errors.Is(err, ErrNoPrograms) {
		return Programs{}, err
	}
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg"} {
		if _, err := exec.LookPath(tool); err != nil {
			return Programs{}, fmt.Errorf("%w: install PostgreSQL's server package (postgresql-server on Fedora and its kin, postgresql on Arch and Alpine, postgresql@17 with Homebrew) and try again", ErrNoPrograms)
		}
	}
	cache, err := cacheDir()
	if err != nil {
		return Programs{}, fmt.Errorf("getting PostgreSQL: %w", err)
	}
	// one process gets them, the others that wait for the lock then find them
	err = locked(cache+"/apt.lock", func() error {
		if _, err := Find(ctx); err == nil {
			return nil
		}
		if os.Geteuid() == 0 {
			return aptInstall(ctx, log)
		}
		return aptUnpack(ctx, log, cache)
	})
	if err != nil {
		return Programs{}, fmt.Errorf("getting PostgreSQL from the distribution: %w", err)
	}
	all, err = Find(ctx)
	if err != nil {
		return Programs{}, err
	}
	return all[0], nil
}
