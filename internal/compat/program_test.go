package compat

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/pgtest"
)

// built is the program under test, compiled once for all cases.
var built pgtest.Binary

func pgsluice(t testing.TB) string {
	t.Helper()
	return built.Path(t, *program)
}

// patience ends what hangs: no program here has more to do than some seconds.
const patience = 3 * time.Minute

// process is a program that runs.
type process struct {
	name   string
	cmd    *exec.Cmd
	stderr bytes.Buffer // to be read when it has ended
	done   chan struct{}
	code   int // its exit code, -1 if a signal ended it
}

// start runs a program in an environment that has nothing of the caller's but where programs lie. The ends of pipes among
// in and out are the child's from then on.
func start(t testing.TB, in io.Reader, out io.Writer, path string, args ...string) *process {
	t.Helper()
	temp := t.TempDir()
	p := &process{name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + temp, "TMPDIR=" + temp}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, &p.stderr
	if out == nil {
		p.cmd.Stdout = &p.stderr
	}
	err := p.cmd.Start()
	for _, end := range []any{in, out} {
		if f, ok := end.(*os.File); ok {
			_ = f.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		var exit *exec.ExitError
		if err := p.cmd.Wait(); errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends it as kill -9 does, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// wait gives the exit code. A program that does not end is killed, and the case has failed.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C:
		p.kill()
		t.Errorf("%s has not ended within %s:\n%s", p, patience, p.said())
	}
	return p.code
}

// run runs a program to its end, which must be a success.
func run(t testing.TB, path string, args ...string) {
	t.Helper()
	start(t, nil, nil, path, args...).succeed(t)
}

// succeed waits for a success, and ends the test without it.
func (p *process) succeed(t testing.TB) {
	t.Helper()
	if code := p.wait(t); code != 0 {
		t.Fatalf("%s: exit code %d:\n%s", p, code, p.said())
	}
}

func (p *process) String() string {
	words := []string{p.name}
	for _, arg := range p.cmd.Args[1:] {
		if dir, file := filepath.Split(arg); filepath.IsAbs(dir) {
			arg = file
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// said is the end of what it wrote to stderr.
func (p *process) said() string {
	const tail = 3000
	text := p.stderr.String()
	return text[max(0, len(text)-tail):]
}
