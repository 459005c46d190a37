package ends

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// Output is where an archive goes: a stream, a file or a directory. Files and directories are made under a name of their own
// beside the one that they get in Commit. It is for one goroutine.
type Output struct {
	path  string   // as asked for; "" of a stream
	final string   // path without links
	temp  string   // what is written meanwhile; "" where nothing is to be renamed
	file  *os.File // nil of a directory and of a stream
	to    io.Writer
}

// Create makes the output of path, or, if that is "", of the stream. A directory must not exist, or be empty; a file that
// exists is replaced in Commit, what is no regular file, such as a named pipe, is written to. Writes to the stream end when ctx
// does, see [NewWriter].
func Create(ctx context.Context, path string, directory bool, stream io.Writer) (*Output, error) {
	o := &Output{path: path}
	if path == "" {
		o.to = NewWriter(ctx, stream)
		return o, nil
	}
	err := o.make(directory)
	if err != nil {
		var bare *fs.PathError
		if errors.As(err, &bare) { // whose path is the temporary name
			err = bare.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return o, nil
}

func (o *Output) make(directory bool) error {
	info, err := os.Stat(o.path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && directory:
		if err := emptyDirectory(o.path, info); err != nil {
			return err
		}
	case err == nil && info.IsDir():
		return errors.New("it is a directory: name a file, or choose the directory format")
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
	if directory {
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
		return errors.New("it is a file, and the directory format makes a directory")
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 {
		err = errors.New("the directory is not empty: name a new one, or empty it first")
	}
	return err
}

// Name is how messages name the output.
func (o *Output) Name() string {
	if o.path == "" {
		return "standard output"
	}
	return o.path
}

// Writer takes what is written to the stream or file; nil of a directory.
func (o *Output) Writer() io.Writer { return o.to }

// Directory is the path of the directory to fill; it gets another name in Commit.
func (o *Output) Directory() string { return o.temp }

// Explain says of which output an error is, and what it means; the temporary name is nobody's concern.
func (o *Output) Explain(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("%s: whoever read it has gone away: %w", o.Name(), syscall.EPIPE)
	}
	var bare *fs.PathError
	if errors.As(err, &bare) && bare.Path != o.path {
		err = bare.Err
	}
	return fmt.Errorf("%s: %w", o.Name(), err)
}

// Commit makes what was written last, and gives it its name. What is in a directory, who wrote it has made last.
func (o *Output) Commit() error {
	if err := o.commit(); err != nil {
		return o.Explain(err)
	}
	return nil
}

func (o *Output) commit() error {
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
	if o.file == nil {
		// an empty one is in the way; with anything in it by now, it stays, and Rename says so
		_ = os.Remove(o.final)
	}
	if err := os.Rename(o.temp, o.final); err != nil {
		return err
	}
	o.temp = ""
	return syncDirectory(filepath.Dir(o.final))
}

// Discard leaves nothing behind of what was not committed. It may follow Commit.
func (o *Output) Discard() {
	if o.file != nil {
		_ = o.file.Close() // perhaps a second time
	}
	if o.temp != "" {
		_ = os.RemoveAll(o.temp)
	}
}
