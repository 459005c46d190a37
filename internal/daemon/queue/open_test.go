package queue

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/daemon/work"
)

func refused(t *testing.T, o Options, want ...string) {
	t.Helper()
	q, err := Open(soon(t), o)
	if err == nil {
		q.Close()
		t.Fatalf("it was opened, want an error with %q", want)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %q, want %q in it", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is not one sentence: %q", err)
	}
}

func TestOneProcessADirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	q := open(t, Options{Dir: dir})
	refused(t, Options{Dir: dir}, "in use by another pgsluice serve (process ")
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v, %v", info.Mode(), err)
	}
	q.Close()
	open(t, Options{Dir: dir})
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	refused(t, Options{URL: "nats://ops:secret@127.0.0.1:1"}, "connect to nats://127.0.0.1:1")
	_, err := Open(soon(t), Options{URL: "nats://ops:secret@127.0.0.1:1"})
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error has the password: %v", err)
	}
	refused(t, Options{}, "neither a data directory nor")
	refused(t, Options{URL: "nats://127.0.0.1:1", Prefix: "a.b"}, `prefix "a.b"`)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, Options{Dir: file}, "not a directory")
}

// Whatever file of the directory is damaged: it opens with all transfers, or it says that it can't. It never looks as if there had been none.
func TestDamagedDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, Options{Dir: dir})
	create(t, q, "a")
	create(t, q, "b")
	finish(t, take(t, q, "c001"))
	q.Close()
	var files []string
	err := filepath.WalkDir(filepath.Join(dir, "nats"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			relative, rerr := filepath.Rel(dir, path)
			files, err = append(files, relative), rerr
		}
		return err
	})
	if err != nil || len(files) < 10 {
		t.Fatalf("files %v, %v", files, err)
	}
	damages := map[string]func(string) error{
		"gone":      os.Remove,
		"empty":     func(path string) error { return os.Truncate(path, 0) },
		"scribbled": scribble,
	}
	for _, file := range files {
		for name, damage := range damages {
			t.Run(name+"/"+file, func(t *testing.T) {
				t.Parallel()
				other := copyDir(t, dir)
				if err := damage(filepath.Join(other, file)); err != nil {
					t.Fatal(err)
				}
				q, err := Open(soon(t), Options{Dir: other})
				if err != nil {
					t.Log(err)
					if strings.Contains(err.Error(), "\n") {
						t.Errorf("the error is not one sentence: %q", err)
					}
					return
				}
				defer q.Close()
				list := must[[]work.Transfer](t)(q.List(soon(t), work.Filter{}))
				if len(list) != 2 || list[1].State != work.Completed {
					t.Fatalf("it opened with %+v", list)
				}
				finish(t, take(t, q, "c002"))
				if n := messages(t, q); n != 0 {
					t.Errorf("%d messages are left", n)
				}
			})
		}
	}
}

// scribble changes bytes in the middle of a file.
func scribble(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i := len(text) / 3; i < len(text)/3+20 && i < len(text); i++ {
		text[i] ^= 0xff
	}
	return os.WriteFile(path, text, 0o600)
}
