package ends

import (
	"errors"
	"os"
	"runtime"
)

// syncDirectory makes the names in a directory last.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" { // where a directory can't be flushed
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
