package cluster

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// copyTree copies a data directory, which holds directories and regular files
// only, for the account. Where the file system can share blocks between files
// the kernel does so: io.Copy of two files is copy_file_range on Linux.
func copyTree(ctx context.Context, from, to string, as account) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4) // the files are many and small
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case entry.IsDir():
			if err := os.Mkdir(target, 0o700); err != nil {
				return err
			}
			return as.own(target)
		case entry.Type().IsRegular():
			group.Go(func() error { return copyFile(path, target, as) })
			return nil
		}
		return fmt.Errorf("%s: neither a file nor a directory", path)
	})
	if waitErr := group.Wait(); waitErr != nil {
		return waitErr
	}
	return err
}

func copyFile(from, to string, as account) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	if err := dst.Close(); err != nil {
		return err
	}
	return as.own(to)
}
