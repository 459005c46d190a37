//go:build unix && !linux

package cluster

import "syscall"

// dieWithParent can't be had here; sweep removes what a killed process left.
func dieWithParent(*syscall.SysProcAttr) {}
