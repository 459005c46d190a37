//go:build unix

package cluster

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// prepare makes cmd run as the account, in a process group of its own, so that
// an interrupt typed at the terminal reaches this process alone, which then
// stops the server in its own order.
func prepare(cmd *exec.Cmd, as account) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if as.drop {
		// no Groups: root's supplementary groups are dropped too
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(as.uid), Gid: uint32(as.gid)}
	}
	dieWithParent(cmd.SysProcAttr)
	return nil
}

// The signals by which a postmaster is told how to shut down (pg_ctl's fast and
// immediate modes).
func signalFast(_ Programs, p *os.Process) error      { return p.Signal(syscall.SIGINT) }
func signalImmediate(_ Programs, p *os.Process) error { return p.Signal(syscall.SIGQUIT) }

// lockFile takes an exclusive lock that ends with f's last descriptor, which is
// when this process ends at the latest. With wait false it is an error if
// another process has it.
func lockFile(f *os.File, wait bool) error {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		if err := syscall.Flock(int(f.Fd()), how); err != syscall.EINTR {
			return err
		}
	}
}

func ownedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
