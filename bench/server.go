package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are the servers' own; they stand in every result. Nothing here need survive a power cut, and autovacuum
// would run in some rounds and not in others.
var settings = []string{
	"fsync=off", "synchronous_commit=off", "autovacuum=off", "shared_buffers=512MB", "max_wal_size=4GB", "maintenance_work_mem=256MB",
	"wal_level=replica",
}

// server is a running PostgreSQL that listens on a port of the loopback, as servers are reached that a copy goes between, and on a
// socket in its own folder.
type server struct {
	bin, dir string
	port     string
	settings []string // of the command line
	postgres *exec.Cmd
	ended    chan struct{} // closed when the process is gone
}

// findPrograms returns the folder with all programs needed: the newest of the usual install folders, or that of PATH.
func findPrograms() (string, error) {
	number := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		return n
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well-formed
	slices.SortFunc(dirs, func(a, b string) int { return number(b) - number(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, dir := range dirs {
		missing := slices.ContainsFunc([]string{"initdb", "postgres", "psql", "pg_dump", "pg_restore"}, func(name string) bool {
			_, err := os.Stat(filepath.Join(dir, name))
			return err != nil
		})
		if !missing {
			return dir, nil
		}
	}
	return "", errors.New("no folder with initdb, postgres, psql, pg_dump and pg_restore: install PostgreSQL (`pgsluice demo` does)")
}

// startServer makes a data directory in dir and waits until the server answers.
func startServer(ctx context.Context, bin, dir string, settings []string) (*server, error) {
	s := &server{bin: bin, dir: dir, settings: settings}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := giveAway(dir); err != nil {
		return nil, err
	}
	initdb := s.command(ctx, "initdb", "--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata="+s.data())
	if err := dropPrivileges(initdb); err != nil {
		return nil, err
	}
	if _, err := output(initdb); err != nil {
		return nil, err
	}
	var err error
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	return s, s.start(ctx)
}

// freePort is one that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// start runs the server with its settings and those that it is given.
func (s *server) start(ctx context.Context, more ...string) error {
	args := []string{"-D", s.data(), "-c", "unix_socket_directories=" + s.dir, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + s.port}
	for _, setting := range slices.Concat(s.settings, more) {
		args = append(args, "-c", setting)
	}
	log, err := os.Create(filepath.Join(filepath.Dir(s.dir), filepath.Base(s.dir)+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.ended = make(chan struct{})
	s.postgres = s.command(context.WithoutCancel(ctx), "postgres", args...)
	s.postgres.Stdout, s.postgres.Stderr = log, log
	if err := dropPrivileges(s.postgres); err != nil {
		return err
	}
	if err := s.postgres.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.postgres.Wait() // how it ended is in its log
		close(s.ended)
	}()
	if err := s.ready(ctx); err != nil {
		text, _ := os.ReadFile(log.Name()) // without it the error still says that the server did not start
		return errors.Join(fmt.Errorf("starting postgres: %w\n%s", err, text), s.stop())
	}
	return nil
}

// restart runs the server anew with more settings than before.
func (s *server) restart(ctx context.Context, more ...string) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.start(ctx, more...)
}

// ready waits until the server has written its status into its lock file, as pg_ctl does.
func (s *server) ready(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.ended:
			return errors.New("it ended")
		case <-tick.C:
			lock, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
			if err == nil && strings.Contains(string(lock), "\nready") {
				return nil
			}
		}
	}
}

// stop ends the server and every session on it. A nil server has ended.
func (s *server) stop() error {
	if s == nil || s.postgres == nil || s.postgres.Process == nil {
		return nil
	}
	if err := s.postgres.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.ended
	return nil
}

// url names a database of the server.
func (s *server) url(database string) string {
	return "postgresql://postgres@" + net.JoinHostPort("127.0.0.1", s.port) + "/" + database
}

// sql runs SQL and returns its rows, a line each.
func (s *server) sql(ctx context.Context, database, sql string) (string, error) {
	cmd := s.command(ctx, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", s.url(database), "-f", "-")
	cmd.Stdin = strings.NewReader(sql)
	return output(cmd)
}

// fresh makes a database anew.
func (s *server) fresh(ctx context.Context, database string) error {
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + database, "CREATE DATABASE " + database} {
		if _, err := s.sql(ctx, "postgres", sql); err != nil {
			return err
		}
	}
	return nil
}

// wal is how many bytes the server has ever logged.
func (s *server) wal(ctx context.Context) (int64, error) {
	text, err := s.sql(ctx, "postgres", "SELECT pg_current_wal_insert_lsn() - '0/0'")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
}

// cpu is the CPU time that the server and its sessions have taken. It waits for sessions that are about to end: the time
// of one that ends while it is asked for could be counted nowhere.
func (s *server) cpu(ctx context.Context) (time.Duration, error) {
	if err := s.quiet(ctx); err != nil {
		return 0, err
	}
	return cpuOf(s.postgres.Process.Pid), nil
}

// quiet waits until no session is left, or for ten seconds.
func (s *server) quiet(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(10 * time.Second); hasSession(s.postgres.Process.Pid) && time.Now().Before(limit); {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// command is one of PostgreSQL's programs.
func (s *server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return command(ctx, filepath.Join(s.bin, name), args...)
}
