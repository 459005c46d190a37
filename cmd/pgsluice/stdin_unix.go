//go:build unix

package main

import (
	"io"
	"os"
	"syscall"
)

// stdinStream is stdin so that a read from a pipe that nobody writes to can be ended from outside. free undoes what that takes: others
// may read from the same pipe later.
func stdinStream() (in io.Reader, free func()) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 || syscall.SetNonblock(0, true) != nil {
		return os.Stdin, func() {}
	}
	// the runtime asks when it is opened whether it may wait for it with others; 0 stays open
	return os.NewFile(0, "stdin"), func() { _ = syscall.SetNonblock(0, false) }
}
