//go:build unix

package stages_test

import "syscall"

// cpuSeconds is the processor time that this process has used, the system's on its behalf included.
func cpuSeconds() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}
