package faults

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgsluice/internal/pgtest"
)

// built is the program under test, compiled once for all cases.
var built pgtest.Binary

func programPath(t testing.TB) string {
	t.Helper()
	return built.Path(t, *program)
}

// process is one run of the program.
type process struct {
	cmd    *exec.Cmd
	dir    string
	output buffer
	done   chan struct{} // closed when it has ended
	code   int           // its exit code, -1 if a signal ended it
}

// buffer may be read while the program writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs `pgsluice copy` in an environment of its own.
func start(t testing.TB, dir string, l login, flags ...string) *process {
	t.Helper()
	args := append(append([]string{"copy"}, l.args...), "--jobs=3", "--index-jobs=2", "--split-above=300kB", "--progress=json",
		"--report="+filepath.Join(dir, "report.json"), "--control="+filepath.Join(dir, "c"))
	p := &process{cmd: exec.Command(programPath(t), append(args, flags...)...), dir: dir, done: make(chan struct{})}
	temp := filepath.Join(dir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(dir, "c")) // a killed run leaves it
	p.cmd.Env = environment(temp, l)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		err := p.cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// environment has nothing of the caller's but where programs lie.
func environment(temp string, l login) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + temp, "TMPDIR=" + temp}, l.env...)
}

// wait gives the exit code. A program that does not end is killed, and the case has failed.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C:
		_ = p.cmd.Process.Signal(quit)
		<-p.done
		t.Errorf("it has not ended within %s", patience)
	}
	return p.code
}

// kill ends the program as the machine's own end would, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// status is what a second process is told by the first.
func (p *process) status() string {
	out, _ := exec.Command(p.cmd.Path, "status", "--once", filepath.Join(p.dir, "c")).CombinedOutput()
	return string(out)
}
