package durable

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"pgsluice/internal/daemon/client"
	"pgsluice/internal/daemon/work"
	"pgsluice/internal/pgtest"
)

// patience is how long something may take that takes moments on an idle machine.
const patience = 5 * time.Minute

// daemon is `pgsluice serve` as a process that is started again and again, with the same directory and address.
type daemon struct {
	*client.Client
	t      *testing.T
	args   []string
	output *log

	cmd   *exec.Cmd
	ended chan struct{}
}

// log is what all its processes have written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var token = regexp.MustCompile(`token, shown this once: (\S+)`)

// newDaemon starts one for the first time.
func newDaemon(t *testing.T, config string, flags ...string) *daemon {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	d := &daemon{t: t, output: &log{}, args: append([]string{"serve", "--config", config, "--data", t.TempDir(), "--listen", address}, flags...)}
	t.Cleanup(func() {
		if d.cmd != nil {
			d.kill()
		}
		if t.Failed() {
			t.Log(d.output)
		}
	})
	d.start()
	var secret []string
	wait(t, "its token", func() bool { secret = token.FindStringSubmatch(d.output.String()); return secret != nil })
	if d.Client, err = client.New("http://"+address, client.Options{Token: secret[1], Patience: patience}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Client.Close)
	d.ready()
	return d
}

func (d *daemon) start() {
	d.t.Helper()
	d.cmd = exec.Command(built.Path(d.t, *program), d.args...)
	d.cmd.Stdout, d.cmd.Stderr = d.output, d.output
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	cmd, ended := d.cmd, make(chan struct{})
	d.ended = ended
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
}

// ready waits until it answers.
func (d *daemon) ready() {
	d.t.Helper()
	wait(d.t, "the daemon", func() bool {
		select {
		case <-d.ended:
			d.t.Fatalf("the daemon has ended")
		default:
		}
		ctx, cancel := context.WithTimeout(d.t.Context(), 5*time.Second)
		defer cancel()
		return d.Ready(ctx) == nil
	})
}

// kill ends it as the machine's own end would.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.ended
}

// wait asks again and again, until it is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !pgtest.Poll(patience, so) {
		t.Fatalf("no %s within %s", what, patience)
	}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func (d *daemon) create(s work.Spec) string {
	d.t.Helper()
	made, err := d.Create(bounded(d.t), s, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return made.ID
}

// completed waits for the end of a transfer, whichever process brings it about.
func (d *daemon) completed(id string) work.Transfer {
	d.t.Helper()
	var last work.Transfer
	wait(d.t, "end of "+id, func() bool {
		t, err := d.Transfer(bounded(d.t), id)
		if err != nil {
			d.t.Fatal(err)
		}
		last = *t
		return last.State.Final()
	})
	if last.State != work.Completed {
		d.t.Errorf("%s is %s: %s", id, last.State, last.Error)
	}
	return last
}

// configured writes a configuration. databases are names, and what stands behind the URL.
func configured(t *testing.T, urls, keys map[string]string, more string) string {
	t.Helper()
	dir := t.TempDir()
	text := "databases:\n"
	for name, url := range urls {
		if err := os.WriteFile(filepath.Join(dir, name+".url"), []byte(url), 0o600); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  %s: {url_file: %s.url%s}\n", name, name, keys[name])
	}
	path := filepath.Join(dir, "pgsluice.yaml")
	if err := os.WriteFile(path, []byte(text+more), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
