// Package programs knows where PostgreSQL's programs lie on a machine and asks them for their version. It starts
// nothing but PROGRAM --version, and installs nothing.
package programs

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

// installFolders are the patterns of the folders that packages of PostgreSQL use, on all systems: those of others
// match nothing.
var installFolders = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // PostgreSQL's own RPMs
	"/usr/local/pgsql*/bin",     // built from source
	"/usr/local/bin",
	"/usr/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/opt/homebrew/opt/libpq/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/local/opt/libpq/bin",
	"/Library/PostgreSQL/*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	`C:\Program Files\PostgreSQL\*\bin`,
}

// Folders are those on PATH, then the usual ones that exist. A folder may stand in it twice.
func Folders() []string {
	folders := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range installFolders {
		found, _ := filepath.Glob(pattern) // the only error is a bad pattern, and these are constants
		folders = append(folders, found...)
	}
	return folders
}

// Executable is a program's file name on this system.
func Executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// Version is what a program says of itself: "15.18", "19beta1".
type Version struct {
	Text         string
	Major, Minor int // a beta has minor 0
}

// Compare orders versions as cmp.Compare does.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor))
}

// patience is for a program on a network drive or behind a container's start.
const patience = 20 * time.Second

// Ask runs the program at path, whose name is given for its answer's sake: a wrapper's file may be called otherwise.
func Ask(ctx context.Context, path, name string) (Version, error) {
	inTime, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(inTime, path, "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return Version{}, context.Cause(ctx)
	case inTime.Err() != nil:
		return Version{}, fmt.Errorf("no answer to --version within %s", patience)
	case err != nil:
		return Version{}, err
	}
	return parse(string(out), name)
}

// answer matches "postgres (PostgreSQL) 15.18 (Debian …)" and "… 19beta1".
var answer = regexp.MustCompile(`^([a-z_]+) \(PostgreSQL\) ((\d+)(?:\.(\d+))?[0-9A-Za-z.]*)`)

func parse(line, name string) (Version, error) {
	m := answer.FindStringSubmatch(line)
	if len(m) == 0 || m[1] != name {
		return Version{}, fmt.Errorf("does not answer --version as %s does: %.60q", name, line)
	}
	v := Version{Text: m[2]}
	var err error
	if v.Major, err = strconv.Atoi(m[3]); err == nil && m[4] != "" {
		v.Minor, err = strconv.Atoi(m[4])
	}
	return v, err
}
