package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Options says what cluster to start. The zero value is a cluster of the newest
// programs found, in the temporary folder, that trusts the loopback address.
type Options struct {
	// Programs to run; none means the first that Find lists.
	Programs Programs
	// Dir is the folder in which the cluster makes its own; none means the
	// temporary folder. Started as root, others must be able to pass through it.
	Dir string
	// Settings are server parameters, laid over the package's own. Ports and
	// addresses can't be set.
	Settings map[string]string
	// HBA are the lines of pg_hba.conf; none means trust on 127.0.0.1 and on the
	// socket. Without such a line for postgres, URL does not get in.
	HBA []string
	// TLS turns ssl on if it names a certificate.
	TLS TLS
	// InitArgs are more arguments for initdb, such as "--wal-segsize=1".
	InitArgs []string
}

// TLS names the PEM files of a server; they are copied. CA is needed only to
// check the certificates of clients.
type TLS struct{ Cert, Key, CA string }

// Cluster is one running, or stopped, throw-away cluster. Its methods may be
// called from several goroutines; those that start or stop the server take turns.
type Cluster struct {
	programs Programs
	dir      string
	port     int
	as       account

	mu       sync.Mutex // guards what follows
	settings map[string]string
	server   *process // nil while stopped
	owner    *os.File // locked as long as this process owns dir
}

// Start makes a cluster and waits until it accepts connections. The end of ctx
// has no effect on it after that: the caller must call Remove. After an error
// nothing is left.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Programs.Bin == "" {
		all, err := Find(ctx)
		if err != nil {
			return nil, err
		}
		opts.Programs = all[0]
	}
	if opts.Dir == "" {
		opts.Dir = os.TempDir()
	}
	c, err := create(opts)
	if err != nil {
		return nil, fmt.Errorf("cluster in %s: %w", opts.Dir, err)
	}
	if err := c.fill(ctx, opts); err != nil {
		return nil, fmt.Errorf("cluster: %w", errors.Join(err, c.Remove()))
	}
	if err := c.launchAnywhere(ctx); err != nil {
		return nil, fmt.Errorf("cluster: %w", errors.Join(err, c.Remove()))
	}
	return c, nil
}

// create makes the cluster's folder and marks it as owned.
func create(opts Options) (*Cluster, error) {
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	if err := reachable(filepath.Join(opts.Dir, "x")); err != nil {
		return nil, err
	}
	sweep(opts.Dir)
	dir, err := os.MkdirTemp(opts.Dir, folderPattern)
	if err != nil {
		return nil, err
	}
	c := &Cluster{programs: opts.Programs, dir: dir, as: as, settings: maps.Clone(opts.Settings)}
	c.owner, err = claim(dir)
	if err == nil {
		err = as.own(dir)
	}
	if err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// fill makes the data directory and its configuration.
func (c *Cluster) fill(ctx context.Context, opts Options) error {
	if err := c.makeData(ctx, opts.InitArgs); err != nil {
		return err
	}
	if err := renewSystemIdentifier(c.data()); err != nil {
		return err
	}
	return c.configure(opts)
}

// URL is the connection URI of a database, as the superuser postgres.
func (c *Cluster) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the TCP port on 127.0.0.1, the same after a Restart.
func (c *Cluster) Port() int { return c.port }

// Dir is the cluster's folder. It holds the Unix-domain socket, the log and, in
// Dir/data, the data directory.
func (c *Cluster) Dir() string { return c.dir }

// Programs are those that the cluster runs.
func (c *Cluster) Programs() Programs { return c.programs }

// LogPath is the file that the server logs to.
func (c *Cluster) LogPath() string { return filepath.Join(c.dir, "postgres.log") }

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// Stop shuts the server down in fast mode and waits for its end. If ctx ends
// first, the mode becomes immediate and the error says so. Stopping a stopped
// cluster does nothing.
func (c *Cluster) Stop(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stop(ctx)
}

func (c *Cluster) stop(ctx context.Context) error {
	if c.server == nil {
		return nil
	}
	if err := signalFast(c.programs, c.server.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the server: %w", err)
	}
	select {
	case <-c.server.done:
		c.server = nil
		return nil
	case <-ctx.Done():
		err := fmt.Errorf("fast shutdown was cut short: %w", context.Cause(ctx))
		return errors.Join(err, c.crash())
	}
}

// Crash shuts the server down in immediate mode, as a crash would: without a
// checkpoint, so that the next start replays the WAL. It waits for its end.
func (c *Cluster) Crash() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.crash()
}

// immediateLimit is generous: a postmaster kills its children itself 5 seconds
// after it told them to end (SIGKILL_CHILDREN_AFTER_SECS in postmaster.c).
const immediateLimit = 20 * time.Second

func (c *Cluster) crash() error {
	if c.server == nil {
		return nil
	}
	err := signalImmediate(c.programs, c.server.cmd.Process)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the server: %w", err)
	}
	limit := time.NewTimer(immediateLimit)
	defer limit.Stop()
	select {
	case <-c.server.done:
	case <-limit.C:
		err = c.server.cmd.Process.Kill()
		<-c.server.done
	}
	c.server = nil
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Restart stops the server, if it runs, lays settings over those it had, and
// starts it again on the same port.
func (c *Cluster) Restart(ctx context.Context, settings map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner == nil {
		return fmt.Errorf("cluster %s: restart after Remove", c.dir)
	}
	if err := c.stop(ctx); err != nil {
		return fmt.Errorf("cluster %s: %w", c.dir, err)
	}
	if c.settings == nil {
		c.settings = map[string]string{}
	}
	maps.Copy(c.settings, settings)
	if err := c.writeSettings(); err != nil {
		return fmt.Errorf("cluster %s: %w", c.dir, err)
	}
	if err := c.launch(ctx); err != nil {
		return fmt.Errorf("cluster %s: %w", c.dir, err)
	}
	return nil
}

// Remove ends the server at once and deletes all that the cluster made. It may
// be called again, and after any error.
func (c *Cluster) Remove() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.crash(); err != nil {
		return fmt.Errorf("cluster %s: %w", c.dir, err)
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("removing the cluster: %w", err)
	}
	if c.owner != nil {
		c.owner.Close()
		c.owner = nil
	}
	return nil
}
