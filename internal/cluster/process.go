package cluster

import (
	"os/exec"
	"runtime"
)

// process is a child that is waited for from its first moment on.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended and err is set
	err  error
}

// run starts cmd and waits for it in one goroutine that keeps its thread until
// the child has ended: the kernel's parent-death signal goes out when the
// parent's thread ends, and a thread of Go's may end at any time unless a
// goroutine is locked to it.
func run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}
