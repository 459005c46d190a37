package queue

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// lockDir makes the directory, for its owner alone, and locks it as long as the file is open.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if ok && err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = fmt.Fprintln(f, os.Getpid())
		}
	}
	if ok && err == nil {
		return f, nil
	}
	defer f.Close()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	pid, err := io.ReadAll(io.LimitReader(f, 20))
	if err != nil || len(pid) == 0 {
		pid = []byte("unknown")
	}
	return nil, fmt.Errorf("the directory %s is in use by another pgsluice serve (process %s)", dir, strings.TrimSpace(string(pid)))
}
