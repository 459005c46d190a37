package main

import (
	"context"
	"errors"
	"fmt"
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
	"listen_addresses=",
}

// server is a running PostgreSQL that listens on a socket in its own folder.
type server struct {
	bin, dir string
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
func startServer(ctx context.Context, bin, dir string) (*server, error) {
	s := &server{bin: bin, dir: dir, ended: make(chan struct{})}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := giveAway(dir); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := s.command(ctx, "initdb", "--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata="+data)
	if err := dropPrivileges(initdb); err != nil {
		return nil, err
	}
	if _, err := output(initdb); err != nil {
		return nil, err
	}
	args := []string{"-D", data, "-c", "unix_socket_directories=" + dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	log, err := os.Create(filepath.Join(filepath.Dir(dir), filepath.Base(dir)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.postgres = s.command(context.WithoutCancel(ctx), "postgres", args...)
	s.postgres.Stdout, s.postgres.Stderr = log, log
	if err := dropPrivileges(s.postgres); err != nil {
		return nil, err
	}
	if err := s.postgres.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.postgres.Wait() // how it ended is in its log
		close(s.ended)
	}()
	if err := s.ready(ctx); err != nil {
		text, _ := os.ReadFile(log.Name()) // without it the error still says that the server did not start
		return nil, errors.Join(fmt.Errorf("starting postgres: %w\n%s", err, text), s.stop())
	}
	return s, nil
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
			lock, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
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
	return "postgresql:///" + database + "?user=postgres&host=" + s.dir
}

// sql runs SQL and returns its rows, a line each.
func (s *server) sql(ctx context.Context, database, sql string) (string, error) {
	cmd := s.command(ctx, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", s.url(database), "-f", "-")
	cmd.Stdin = strings.NewReader(sql)
	return output(cmd)
}

// command is one of PostgreSQL's programs.
func (s *server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return command(ctx, filepath.Join(s.bin, name), args...)
}
