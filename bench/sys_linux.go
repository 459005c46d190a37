package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func supported() error { return nil }

// serverUser is the user to run servers as: postgres refuses to be root. Zero for one who is not root.
func serverUser() (uid, gid int, err error) {
	if os.Geteuid() != 0 {
		return 0, 0, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, err1 := strconv.Atoi(u.Uid)
			gid, err2 := strconv.Atoi(u.Gid)
			return uid, gid, errors.Join(err1, err2)
		}
	}
	return 0, 0, errors.New("there is neither a user postgres nor a user nobody to run postgres as")
}

// giveAway makes a folder the servers' own.
func giveAway(dir string) error {
	uid, gid, err := serverUser()
	if err != nil || uid == 0 {
		return err
	}
	return os.Chown(dir, uid, gid)
}

// dropPrivileges makes cmd run as the servers' user, in a process group of its own: Ctrl-C is for us, who then stop it. If
// we are killed, the kernel stops it.
func dropPrivileges(cmd *exec.Cmd) error {
	uid, gid, err := serverUser()
	if err != nil {
		return err
	}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return nil
}

// watch follows a process's VmHWM.
type watch struct {
	stop chan struct{}
	last chan int64
}

// watchPeak looks again and again: when the process ends its figure goes, and what wait4 tells later is the maximum of
// the process and its children. VmHWM never falls, so only what was new in the last milliseconds can be missed.
func watchPeak(pid int) watch {
	w := watch{stop: make(chan struct{}), last: make(chan int64, 1)}
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var peak int64
		for {
			peak = max(peak, vmHWM(pid))
			select {
			case <-w.stop:
				w.last <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return w
}

// end returns the peak in bytes, 0 if the process was never seen.
func (w watch) end() int64 {
	close(w.stop)
	return <-w.last
}

// vmHWM is the peak of a process's resident set in bytes (proc(5)), 0 if it has ended.
func vmHWM(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "\nVmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscan(line, &kilobytes); err != nil {
		return 0
	}
	return kilobytes << 10
}

// hasSession says whether a postmaster has a session, or a worker of one: their titles begin with the user's name, which
// is postgres for all that comes from here. One that is ending has no title, until the postmaster has waited for it.
func hasSession(postmaster int) bool {
	for _, child := range childrenOf(postmaster) {
		title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
		if err == nil && len(title) == 0 || strings.HasPrefix(string(title), "postgres: postgres ") || strings.HasPrefix(string(title), "postgres: parallel worker ") {
			return true
		}
	}
	return false
}

// childrenOf are the processes that a process has started, as far as its first thread did.
func childrenOf(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // one that has ended has none
	var pids []int
	for _, word := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(word); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

// cpuOf is the user and system time of a process, of its children and of those that have ended, down the tree.
func cpuOf(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // it has ended: its parent has its time
	}
	// utime, stime, cutime, cstime are fields 14 to 17 (proc(5)); the name, field 2, may hold blanks
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	total := time.Duration(0)
	for _, ticks := range fields[11:15] {
		n, _ := strconv.ParseInt(ticks, 10, 64)
		total += time.Duration(n) * time.Second / ticksPerSecond
	}
	for _, child := range childrenOf(pid) {
		total += cpuOf(child)
	}
	return total
}

// ticksPerSecond is USER_HZ, which is 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// onePage makes a pipe as small as can be.
func onePage(pipe *os.File) error {
	const setPipeSize = 1031 // F_SETPIPE_SZ
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, pipe.Fd(), setPipeSize, uintptr(os.Getpagesize())); errno != 0 {
		return fmt.Errorf("F_SETPIPE_SZ: %w", errno)
	}
	return nil
}

func stopProcess(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

// peakOf is the largest resident set, in bytes, among an ended process and the children it waited for.
func peakOf(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// machine describes the hardware by its cores and memory.
func machine() string {
	text := fmt.Sprintf("%d cores", runtime.NumCPU())
	var kilobytes int64
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return text
	}
	if _, err := fmt.Sscanf(string(meminfo), "MemTotal: %d kB", &kilobytes); err != nil {
		return text
	}
	return fmt.Sprintf("%s, %d GiB", text, (kilobytes+1<<20-1)>>20)
}

// isOpen reports whether the other side has not closed a TCP connection.
func isOpen(conn net.Conn) bool {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	open := false
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		open = err == nil && info.State == 1 // TCP_ESTABLISHED
	})
	return err == nil && open
}
