package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// directory is the files of a directory archive. Nothing outside of it is opened, whatever the archive's names and
// symbolic links say.
type directory struct{ root *os.Root }

func (d directory) sure() bool { return false }

func (d directory) open(name string) (io.ReadCloser, method, error) {
	if err := checkName(name); err != nil {
		return nil, 0, err
	}
	full, m, info, err := d.find(name)
	switch {
	case err != nil:
		return nil, 0, err
	case !info.Mode().IsRegular():
		return nil, 0, fmt.Errorf("%s is no regular file", full)
	}
	f, err := d.root.Open(full)
	return f, m, err
}

// find looks for a file with this name, or with a suffix to it.
func (d directory) find(name string) (string, method, fs.FileInfo, error) {
	for _, m := range []method{stored, gzipFile, lz4Frames, zstdFrames} {
		full := name + suffixes[m]
		info, err := d.root.Stat(full)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if m == stored {
			_, m = methodOf(full)
		}
		return full, m, info, err
	}
	return "", 0, nil, fmt.Errorf("the archive has no file %s: %w", name, fs.ErrNotExist)
}

func (d directory) size(name string) (int64, error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	_, _, info, err := d.find(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// checkName refuses names that are not of a file in the archive's own folder.
func checkName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\:`+"\x00") {
		return fmt.Errorf("%.100q is no name of a file in the archive", name)
	}
	return nil
}

// total adds up the files.
func (d directory) total() (total int64, err error) {
	list, err := fs.ReadDir(d.root.FS(), ".")
	for _, entry := range list {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	return total, err
}
