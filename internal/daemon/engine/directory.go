package engine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pgsluice/internal/transfer"
)

// directory is a store in a local directory, which is made when the first dump is.
type directory struct{ path string }

// partOf says whether a file is one that a dump of that name was written under until it was whole, see ends.Create.
func partOf(file, name string) bool { return strings.HasPrefix(file, "."+name+".part-") }

func (d *directory) Create(_ context.Context, name string) (Sink, error) {
	if err := checkDumpName(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if partOf(e.Name(), name) {
			if err := root.Remove(e.Name()); err != nil {
				return nil, err
			}
		}
	}
	return sunk{filepath.Join(d.path, name)}, nil
}

// sunk is a path: a dump appears there by itself when it is whole, and not before.
type sunk struct{ path string }

func (s sunk) Into(opt *transfer.DumpOptions) { opt.Path = s.path }
func (s sunk) Commit() error                  { return nil }
func (s sunk) Discard()                       {}

// Open checks that the dump is a file of the directory's own: a link could lead anywhere.
func (d *directory) Open(_ context.Context, name string) (File, error) {
	if err := checkDumpName(name); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New(name + " is no regular file")
	}
	return opened{filepath.Join(d.path, name)}, nil
}

type opened struct{ path string }

func (o opened) From(opt *transfer.RestoreOptions) { opt.Path = o.path }
func (o opened) Close() error                      { return nil }

func (d *directory) Remove(_ context.Context, name string) error {
	if err := checkDumpName(name); err != nil {
		return err
	}
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *directory) List(context.Context) ([]Stored, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Stored
	for _, e := range entries {
		if !dumpNames.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just been removed
		}
		if err != nil {
			return nil, err
		}
		all = append(all, Stored{Name: e.Name(), Bytes: info.Size(), Modified: info.ModTime()})
	}
	return all, nil
}

func (d *directory) Free(context.Context) (int64, error) {
	path := d.path
	for {
		free, err := freeBytes(path)
		if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return free, err
		}
		path = filepath.Dir(path) // it is made when it is needed
	}
}
