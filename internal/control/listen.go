package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// longestPath is what the kernel takes as a socket's path.
var longestPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// listen makes a socket at path that only its owner can use. A socket of our own that nobody listens on is replaced, and
// nothing else that is there.
func listen(ctx context.Context, path string) (*net.UnixListener, error) {
	if len(path) > longestPath {
		return nil, fmt.Errorf("the path has %d bytes, and a socket's has at most %d", len(path), longestPath)
	}
	if err := clearDead(ctx, path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: private}
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, cause(err)
	}
	u, ok := l.(*net.UnixListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("listening gave a %T", l), l.Close())
	}
	u.SetUnlinkOnClose(false) // by then it might be another one: see Close
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(cause(err), u.Close(), os.Remove(path))
	}
	return u, nil
}

// clearDead removes a dead socket of ours. Any other file at path is an error.
func clearDead(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return cause(err)
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is something else than a socket, which stays as it is")
	case !ours(info):
		return errors.New("there is a socket of another user, which stays as it is")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(errors.New("another process listens there"), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("there is a socket that may be in use: %w", cause(err))
	}
	// What stands there now may be the socket of somebody who found the dead one too.
	if again, err := os.Lstat(path); err != nil || !os.SameFile(info, again) {
		return errors.New("another process has just made a socket there")
	}
	return cause(os.Remove(path))
}

// cause leaves out what net and os add to an error: the path, which the caller says anyway.
func cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
