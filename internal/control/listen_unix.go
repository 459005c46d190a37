//go:build unix

package control

import (
	"io/fs"
	"os"
	"syscall"
)

// private sets the mode before the socket gets its name: on Linux the name takes it over, so that there is no moment
// in which others could connect.
func private(_, _ string, conn syscall.RawConn) error {
	var err error
	if e := conn.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), 0o600) }); e != nil {
		return e
	}
	if err == syscall.EINVAL { // BSD: the mode is set afterwards
		return nil
	}
	return err
}

func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
