package ends

import (
	"os"
	"path/filepath"
	"runtime"
)

// syncDirectory makes the names in a directory last, and with deep what is in the files.
func syncDirectory(path string, deep bool) error {
	if deep {
		entries, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := syncFile(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	if runtime.GOOS == "windows" { // where a directory can't be flushed
		return nil
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
