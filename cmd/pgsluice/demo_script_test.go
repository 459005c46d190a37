//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// servers: makes $SERVERS, a folder for servers. Other users can pass through it, as they must if the tests are
// root's; through the script's own folder they can't.
func serversFolder(ts *testscript.TestScript, _ bool, _ []string) {
	dir, err := os.MkdirTemp("", "demo-script-*")
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	ts.Check(os.Chmod(dir, 0o755))
	ts.Setenv("SERVERS", dir)
}

// empty FOLDER: nothing is in it.
func empty(ts *testscript.TestScript, _ bool, args []string) {
	files, err := os.ReadDir(args[0])
	ts.Check(err)
	if len(files) > 0 {
		ts.Fatalf("%s is not empty: %v", args[0], files)
	}
}

// stopped SIGNAL CODE TEXT PROGRAM ARG...: runs a program, sends it a signal when its stderr holds the text, and
// expects the exit code. Afterwards stderr is what it wrote.
func stopped(ts *testscript.TestScript, neg bool, args []string) {
	signal, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[args[0]]
	want, err := strconv.Atoi(args[1])
	if neg || !ok || err != nil {
		ts.Fatalf("usage: stopped INT|TERM CODE TEXT PROGRAM ARG...")
	}
	first, _, _ := strings.Cut(ts.Getenv("PATH"), string(filepath.ListSeparator))
	cmd := exec.Command(filepath.Join(first, args[3]), args[4:]...)
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	out, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	var told []byte
	signalled := false
	for chunk := make([]byte, 4096); err == nil; {
		var n int
		n, err = out.Read(chunk)
		told = append(told, chunk[:n]...)
		if !signalled && bytes.Contains(told, []byte(args[2])) {
			signalled = true
			ts.Check(cmd.Process.Signal(signal))
		}
	}
	if err != io.EOF {
		ts.Check(err)
	}
	_ = cmd.Wait() // its exit code is what matters
	_, err = ts.Stderr().Write(told)
	ts.Check(err)
	if code := cmd.ProcessState.ExitCode(); code != want || !signalled {
		ts.Fatalf("exit code %d, want %d; the text came: %v", code, want, signalled)
	}
}
