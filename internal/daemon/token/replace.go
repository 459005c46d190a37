package token

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// private refuses a file that others than its owner can read or change. Windows has no such bits.
func private(path string, info fs.FileInfo) error {
	if perm := info.Mode().Perm(); runtime.GOOS != "windows" && perm&0o077 != 0 {
		return fmt.Errorf("tokens: %s: others can read or write it (mode %04o): chmod 600 it", path, perm)
	}
	return nil
}

// replace writes a file that is there as a whole or not at all, also after a loss of power.
func replace(path string, text []byte) (err error) {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next.Name()))
		}
	}()
	_, err = next.Write(text)
	if err == nil {
		err = next.Chmod(mode)
	}
	if err == nil {
		err = next.Sync()
	}
	if err := errors.Join(err, next.Close()); err != nil {
		return err
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil // it can't be opened, so it can't be synced: the file itself is whole
	}
	defer dir.Close()
	_ = dir.Sync() // some file systems can't
	return nil
}

// lock makes a file that only one process can have made. One that was killed leaves it; it is never taken away by guesses.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("tokens: another command changes them; if none does, remove %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return func() error { return os.Remove(path) }, nil
}
