package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// output is where a dump goes. A file or directory is made under a name of its own beside the one that it gets when it is whole.
type output struct {
	path  string   // as asked for; "" of a stream
	final string   // path without links
	temp  string   // what is written meanwhile; "" where nothing is to be renamed
	file  *os.File // nil of a directory and of a stream
	to    io.Writer
	dir   bool
}

// create makes the output. Its errors are Refused: nothing was written.
func (d *dump) create(ctx context.Context) (*output, error) {
	o := &output{path: d.opt.Path, dir: d.opt.Format == DirectoryArchive}
	if o.path == "" {
		o.to = &abandonable{ctx: ctx, w: d.opt.To}
		return o, nil
	}
	err := o.make()
	if err != nil {
		var bare *fs.PathError
		if errors.As(err, &bare) {
			err = bare.Err
		}
		return nil, &Refused{Err: fmt.Errorf("--output %s: %w", o.path, err)}
	}
	return o, nil
}

func (o *output) make() error {
	info, err := os.Stat(o.path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && o.dir:
		if err := emptyDirectory(o.path, info); err != nil {
			return err
		}
	case err == nil && info.IsDir():
		return errors.New("it is a directory: name a file, or choose --format directory")
	case err == nil && !info.Mode().IsRegular():
		o.file, err = os.OpenFile(o.path, os.O_WRONLY, 0)
		o.to = plainWriter{o.file}
		return err
	}
	// what a link leads to is replaced, not the link
	if o.final, err = filepath.EvalSymlinks(o.path); err != nil {
		o.final = filepath.Clean(o.path)
	}
	parent, base := filepath.Split(o.final)
	name := filepath.Join(parent, fmt.Sprintf(".%s.part-%08x", base, rand.Uint32()))
	if o.dir {
		if err = os.Mkdir(name, 0o700); err == nil { // as pg_dump makes it
			o.temp = name
		}
		return err
	}
	if o.file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err == nil {
		o.temp, o.to = name, o.file
	}
	return err
}

// plainWriter hides that a file can be sought in: a device or a pipe says so, too.
type plainWriter struct{ io.Writer }

func emptyDirectory(path string, info fs.FileInfo) error {
	if !info.IsDir() {
		return errors.New("it is a file, and --format directory makes a directory")
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 {
		err = errors.New("the directory is not empty: name a new one, or empty it first")
	}
	return err
}

// name is how messages name it.
func (o *output) name() string {
	if o.path == "" {
		return "standard output"
	}
	return o.path
}

// explain says of which output an error is, and what it means.
func (o *output) explain(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("%s: whoever read it has gone away: %w", o.name(), syscall.EPIPE)
	}
	var bare *fs.PathError
	if errors.As(err, &bare) && bare.Path != o.path { // of the name that it has meanwhile
		err = bare.Err
	}
	return fmt.Errorf("%s: %w", o.name(), err)
}

// commit makes what was written last, and gives it its name.
func (o *output) commit() error {
	if err := o.finish(); err != nil {
		return o.explain(err)
	}
	return nil
}

func (o *output) finish() error {
	if o.file != nil {
		if o.temp != "" {
			if err := o.file.Sync(); err != nil {
				return err
			}
		}
		if err := o.file.Close(); err != nil {
			return err
		}
	}
	if o.temp == "" {
		return nil
	}
	if o.dir { // the empty one, if there is one: os.Rename does not put one directory in the place of another
		if err := os.Remove(o.final); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(o.temp, o.final); err != nil {
		return err
	}
	o.temp = ""
	return syncDirectory(filepath.Dir(o.final))
}

// discard leaves nothing behind.
func (o *output) discard() {
	if o.file != nil {
		_ = o.file.Close() // perhaps a second time
	}
	if o.temp != "" {
		_ = os.RemoveAll(o.temp)
	}
}

// abandonable is a writer that a cancelled context leaves to itself: a pipe that nobody reads could hold a dump up for ever.
// What was given to the last Write must not be used again after an error.
type abandonable struct {
	ctx context.Context
	w   io.Writer
}

func (a *abandonable) Write(p []byte) (n int, err error) {
	if a.ctx.Err() != nil {
		return 0, context.Cause(a.ctx)
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := a.w.Write(p)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-a.ctx.Done():
		return 0, context.Cause(a.ctx)
	}
}

// syncDirectory makes a new name in a directory last.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" { // where a directory can't be flushed
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
