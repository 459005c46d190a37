package cluster

import "syscall"

// dieWithParent has the kernel shut the server down, in immediate mode, when its
// parent dies. The parent is a thread, not a process: see (*process).run.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
