package cluster

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"pgsluice/internal/programs"
)

func prepare(cmd *exec.Cmd, as account) error {
	if as.drop {
		return errors.New("dropping privileges is not possible on Windows: run as an ordinary user")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	return nil
}

// Windows has no signals; postgres reads them from a pipe that pg_ctl knows.
func signalFast(programs Programs, p *os.Process) error {
	return pgCtlKill(programs, "INT", p.Pid)
}

func signalImmediate(programs Programs, p *os.Process) error {
	return pgCtlKill(programs, "QUIT", p.Pid)
}

func pgCtlKill(p Programs, signal string, pid int) error {
	return exec.Command(filepath.Join(p.Bin, programs.Executable("pg_ctl")), "kill", signal, strconv.Itoa(pid)).Run()
}

// lockFile locks nothing here: templates are then made twice at worst, and sweep
// takes no directory for abandoned.
func lockFile(_ *os.File, wait bool) error {
	if !wait {
		return errors.New("file locks are not used on Windows")
	}
	return nil
}

func ownedByUs(fs.FileInfo) bool { return true }
