package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pgsluice/internal/programs"
)

// Ports are drawn from below every system's ephemeral range, so that no outgoing
// connection can take one while the server is down for a Restart.
const (
	firstPort = 20000
	ports     = 12000
)

// errPortTaken says that another program listens on the port.
var errPortTaken = errors.New("port is taken")

// launchAnywhere launches the server on the first drawn port that it gets.
func (c *Cluster) launchAnywhere(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	const draws = 50
	var err error
	for range draws {
		c.port = firstPort + rand.IntN(ports)
		if !free(c.port) {
			err = errPortTaken
			continue
		}
		// another process may take it in between
		if err = c.launch(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return fmt.Errorf("%d ports tried: %w", draws, err)
}

func free(port int) bool {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// launch starts postgres on c.port and waits until it is ready.
func (c *Cluster) launch(ctx context.Context) error {
	log, err := os.OpenFile(c.LogPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	cmd := c.command("postgres", "-D", c.data(),
		"-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(c.port),
		"-c", "unix_socket_directories="+c.socketDir())
	cmd.Stdout, cmd.Stderr = log, log
	if err := prepare(cmd, c.as); err != nil {
		return err
	}
	c.server, err = run(cmd)
	if err != nil {
		c.server = nil
		return err
	}
	if err := c.waitReady(ctx); err != nil {
		return c.explain(err, before)
	}
	return nil
}

// command is one of the programs, run in the cluster's folder, in an environment
// without the caller's PG* variables, which would change what it does.
func (c *Cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.programs.Bin, programs.Executable(program)), args...)
	cmd.Dir = c.dir
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !strings.HasPrefix(name, "PG") && !strings.HasPrefix(name, "LC_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "TZ=UTC")
	return cmd
}

// socketDir is the cluster's folder, or nothing if a socket there would have a
// path too long for the system (104 bytes on macOS, 108 on Linux).
func (c *Cluster) socketDir() string {
	if len(c.dir)+len("/.s.PGSQL.65535") > 103 {
		return ""
	}
	return c.dir
}

// waitReady waits until the postmaster has written "ready" into its lock file,
// the condition that pg_ctl waits for too. A connection would prove less: its
// port may be another server's.
func (c *Cluster) waitReady(ctx context.Context) error {
	pid := strconv.Itoa(c.server.cmd.Process.Pid)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-c.server.done:
			err := fmt.Errorf("postgres ended before it was ready: %w", c.server.err)
			c.server = nil
			return err
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), c.crash())
		case <-look.C:
			if status := readLockFile(filepath.Join(c.data(), "postmaster.pid")); status.pid == pid && status.ready {
				return nil
			}
		}
	}
}

type lockFileStatus struct {
	pid   string
	ready bool
}

// readLockFile reads postmaster.pid, whose lines are listed in pidfile.h: the
// first is the process id, the eighth the status.
func readLockFile(path string) lockFileStatus {
	raw, err := os.ReadFile(path)
	if err != nil {
		return lockFileStatus{} // not there yet
	}
	lines := strings.Split(string(raw), "\n")
	s := lockFileStatus{pid: strings.TrimSpace(lines[0])}
	if len(lines) >= 8 {
		status := strings.TrimSpace(lines[7])
		s.ready = status == "ready" || status == "standby"
	}
	return s
}

// explain adds what the server logged since the byte before.
func (c *Cluster) explain(err error, before int64) error {
	log, readErr := os.ReadFile(c.LogPath())
	if readErr != nil || int64(len(log)) < before {
		return err
	}
	log = bytes.TrimSpace(log[before:])
	if bytes.Contains(log, []byte("could not bind")) || bytes.Contains(log, []byte("could not create any TCP/IP sockets")) {
		return fmt.Errorf("%w: %s", errPortTaken, log)
	}
	const tail = 2000
	if len(log) > tail {
		log = log[len(log)-tail:]
	}
	return fmt.Errorf("%w; its log ends with:\n%s", err, log)
}
