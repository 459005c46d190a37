package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// apart runs these tests once more in a mount namespace of their own, if this user may make one: what they mount is gone when
// they are, however they end. It returns in that second process, and in the first if there can be none.
func apart() {
	const mark = "PGSLUICE_FAULTS_APART"
	if os.Getenv(mark) != "" || os.Geteuid() != 0 {
		return
	}
	self := exec.Command("/proc/self/exe", os.Args[1:]...)
	self.Args[0] = os.Args[0]
	self.Env = append(os.Environ(), mark+"=1")
	self.Stdin, self.Stdout, self.Stderr = os.Stdin, os.Stdout, os.Stderr
	self.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := self.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "faults: no mount namespace, so no full disk:", err)
		return
	}
	// go test asks for stacks before it gives up
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGQUIT, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for s := range signals {
			_ = self.Process.Signal(s)
		}
	}()
	err := self.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(2)
	}
}

// smallDisk mounts a file system of that size at dir, for the owner of like, or gives the reason why it can't.
func smallDisk(dir, like string, bytes int) error {
	if os.Geteuid() != 0 {
		return errors.New("only root may mount")
	}
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	return syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700,uid=%d,gid=%d", bytes, owner.Uid, owner.Gid))
}

// resizeDisk makes it larger, or smaller when it is empty.
func resizeDisk(dir string, bytes int) error {
	return syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", bytes))
}

func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
