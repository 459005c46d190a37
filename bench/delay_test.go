package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// echo answers every connection with its own bytes, and ends when it is ended.
func echo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "echo")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	return path
}

// Bytes take the delay in each direction, and the first ones a round trip more; however many there are, they take it once,
// arrive as they were, and so does their end.
func TestProxy(t *testing.T) {
	const delay = 40 * time.Millisecond
	p, err := listen(echo(t), delay)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c, err := net.Dial("tcp", p.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	for i, want := range []time.Duration{4 * delay, 2 * delay, 2 * delay} {
		if _, err := c.Write([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, one); err != nil || one[0] != byte(i) {
			t.Fatalf("%v: %v", one, err)
		}
		if took := time.Since(began); took < want {
			t.Errorf("round trip %d took %s, less than %s", i, took, want)
		}
		began = time.Now()
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB, which would take minutes if every chunk waited its turn
	failed := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		failed <- errors.Join(err, c.(*net.TCPConn).CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err := errors.Join(err, <-failed); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back: %v", len(got), len(sent), err)
	}
	if took := time.Since(began); took > 64*delay {
		t.Errorf("16 MiB took %s", took)
	}
	idle, err := net.Dial("tcp", p.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Write(one); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(idle, one); err != nil {
		t.Fatal(err)
	}
	if err := p.close(); err != nil { // waits for all of its goroutines
		t.Error(err)
	}
	if _, err := idle.Read(one); err == nil {
		t.Error("a connection has outlived its proxy")
	}
}

// A namespace reaches both servers through its lines, and leaves nothing behind. Not every kernel has netem, so the queue
// here is another one.
func TestNetwork(t *testing.T) {
	need(t)
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	for _, args := range [][]string{{"ip", "-V"}, {"tc", "-V"}, {"unshare", "-n", "true"}} { // a container may forbid the last
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s: %v: %s", args[0], err, out)
		}
	}
	f := startField(t)
	if n, err := newNetwork(t.Context(), "nonsense"); err == nil {
		t.Error("there is no discipline nonsense", n.remove())
	}
	n, err := newNetwork(t.Context(), "pfifo", "limit", "1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.src.fresh(t.Context(), "bench"), f.dst.fresh(t.Context(), "bench")); err != nil {
		t.Fatal(errors.Join(err, n.remove()))
	}
	way, err := f.through(t.Context(), n)
	if err == nil {
		_, err = f.sluice(t.Context(), f.pgsluice, way)
	}
	if err != nil {
		t.Error(err)
	}
	if err := n.remove(); err != nil {
		t.Error(err)
	}
	names, err := output(exec.Command("ip", "netns", "list"))
	if err != nil || slices.Contains(strings.Fields(names), n.name) {
		t.Errorf("namespaces: %s, %v", names, err)
	}
}
