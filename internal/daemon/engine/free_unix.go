//go:build unix

package engine

import "golang.org/x/sys/unix"

func freeBytes(path string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return -1, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // their types are others on other systems
}
