package pgdump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgsluice/internal/archive"
)

// Options are what the child is told.
type Options struct {
	// Snapshot is the exported snapshot that the child imports.
	Snapshot string
	// Encoding is the client encoding of the archive's text.
	Encoding string
	// LockWait bounds its wait for ACCESS SHARE on each table. 0 waits without bound.
	LockWait time.Duration
	// Selection is what it takes of the database.
	Selection Selection
}

// Child is a running pg_dump. Its table locks last until Stop. TOC and Stop may be called from one goroutine.
type Child struct {
	cmd      *exec.Cmd
	bridge   *bridge
	lockWait time.Duration
	stdout   io.ReadCloser
	stderr   tail
}

// Start runs program over conn, which it takes over in every case: Stop, or an error here, ends it. The child dies
// with ctx.
func Start(ctx context.Context, program Program, conn *pgconn.PgConn, opt Options) (*Child, error) {
	// to compile its questions takes longer than to answer them; and what it writes is run where strings are standard
	_, err := conn.Exec(ctx, "SET jit = off; SET standard_conforming_strings = on").ReadAll()
	var b *bridge
	if err == nil {
		b, err = newBridge(ctx, conn)
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	// -Z0: compressed data would fill pg_dump's buffers much later, and with it the end of the table of contents
	// the ledger of a copy into this very database is not the user's
	args := []string{"--exclude-schema=_pgsluice", "--format=custom", "--compress=0", "--no-password", "--snapshot=" + opt.Snapshot, "--encoding=" + opt.Encoding}
	if opt.LockWait > 0 {
		args = append(args, fmt.Sprintf("--lock-wait-timeout=%d", opt.LockWait.Milliseconds()))
	}
	args = append(args, opt.Selection.args()...)
	c := &Child{cmd: exec.CommandContext(ctx, program.Path, args...), bridge: b, lockWait: opt.LockWait}
	c.cmd.Env = append(cleanEnvironment(), b.environment()...)
	c.cmd.Stderr = &c.stderr
	c.cmd.Cancel = c.terminate
	c.cmd.WaitDelay = 5 * time.Second
	if c.stdout, err = c.cmd.StdoutPipe(); err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		b.close()
		return nil, fmt.Errorf("%s: %w", program.Path, err)
	}
	return c, nil
}

// cleanEnvironment is ours without anything that libpq reads.
func cleanEnvironment() []string {
	var kept []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANGUAGE=") {
			kept = append(kept, v)
		}
	}
	return append(kept, "LC_ALL=C") // its messages stand among ours
}

// TOC reads the table of contents from the child's output. While the child writes it, it holds ACCESS SHARE on
// every table; afterwards it goes on with data until Stop.
func (c *Child) TOC(ctx context.Context) (*archive.TOC, error) {
	toc, err := archive.ReadTOC(c.stdout, archive.Limits{})
	if err == nil {
		return toc, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// a broken archive is mostly a pg_dump that gave up: its own words say why
	c.Stop()
	switch said := c.stderr.lastError(); {
	case strings.Contains(said, "statement timeout"): // by which pg_dump bounds its waits, and nothing else
		return nil, fmt.Errorf("lock timeout: a table was locked for %s: %s", c.lockWait, said)
	case said != "":
		return nil, errors.New(said)
	}
	return nil, fmt.Errorf("table of contents: %w", err)
}

// Warnings are the lines that the child wrote on its standard error.
func (c *Child) Warnings() []string { return c.stderr.lines() }

// Stop ends the child, its connection and with them its locks. A second Stop does nothing.
func (c *Child) Stop() {
	if c.cmd.ProcessState != nil {
		return
	}
	_ = c.terminate()
	_ = c.stdout.Close() // a wrapper's own child may hold the other end
	kill := time.AfterFunc(c.cmd.WaitDelay, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	_ = c.cmd.Wait() // ended by us: its exit status says nothing
}

// terminate asks the child to end, and takes its connection away: where the child is only a script around pg_dump, the
// signal does not reach the one that holds the locks.
func (c *Child) terminate() error {
	defer c.bridge.close()
	if runtime.GOOS == "windows" {
		return c.cmd.Process.Kill()
	}
	return c.cmd.Process.Signal(syscall.SIGTERM)
}

// tail keeps the first part of what a child writes on stderr; more than that no one reads.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const stderrLimit = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := stderrLimit - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.FieldsFunc(t.buf.String(), func(r rune) bool { return r == '\n' })
}

// lastError joins the child's error and its details: "pg_dump: error: query failed: ERROR:  …".
func (t *tail) lastError() string {
	lines := t.lines()
	for i, line := range lines {
		if strings.Contains(line, "error:") {
			return strings.Join(lines[i:], "; ")
		}
	}
	return strings.Join(lines, "; ")
}
