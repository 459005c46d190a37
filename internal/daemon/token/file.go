package token

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// File is the tokens in a file, which other processes may change at any time: each question looks whether it is still the one that was read.
// Its methods may be called from several goroutines.
type File struct {
	path string

	mu      sync.Mutex
	read    fs.FileInfo // of what entries came from; nil before the first time
	entries []entry
}

// ErrExists says that there is a token of that name.
var ErrExists = errors.New("there is a token of that name")

// ErrNotFound says that there is none.
var ErrNotFound = errors.New("no such token")

// mode is that of the file: its owner alone reads it. A file that others can read or write is refused.
const mode = 0o600

// In is the tokens of the daemon whose data directory is dir. Nothing is read or made.
func In(dir string) *File { return &File{path: filepath.Join(dir, "tokens.json")} }

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Check finds the token with secret; false says that there is none. An error is one of the file.
func (f *File) Check(secret string) (Token, bool, error) {
	entries, err := f.load()
	if err != nil {
		return Token{}, false, err
	}
	t, ok := find(entries, secret)
	return t, ok, nil
}

// List is all tokens by name.
func (f *File) List() ([]Token, error) {
	entries, err := f.load()
	if err != nil {
		return nil, err
	}
	tokens := make([]Token, 0, len(entries))
	for _, e := range entries {
		tokens = append(tokens, e.Token)
	}
	return tokens, nil
}

// First makes a token that may operate, if there is no file yet: a daemon's first start shows the secret once. Otherwise secret is "". Where all
// tokens were removed there is a file, and so no way in but Add.
func (f *File) First() (secret string, err error) {
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return f.Add("first", Operate)
}

// Add makes a token and returns its secret, which can't be had again. ErrExists if the name is taken.
func (f *File) Add(name string, role Role) (secret string, err error) {
	if err := check(name, role); err != nil {
		return "", err
	}
	secret = newSecret()
	err = f.change(func(entries []entry) ([]entry, error) {
		i, taken := place(entries, name)
		if taken {
			return nil, fmt.Errorf("token %s: %w", name, ErrExists)
		}
		t := Token{Name: name, Role: role, Created: time.Now().UTC().Truncate(time.Second)}
		return slices.Insert(entries, i, entry{Token: t, Hash: hex.EncodeToString(hash(secret))}), nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Remove removes a token: it opens nothing any more, from the next request on. ErrNotFound if there is none.
func (f *File) Remove(name string) error {
	return f.change(func(entries []entry) ([]entry, error) {
		i, there := place(entries, name)
		if !there {
			return nil, fmt.Errorf("token %s: %w", name, ErrNotFound)
		}
		return slices.Delete(entries, i, i+1), nil
	})
}

// place is where the entry of that name is, or would be.
func place(entries []entry, name string) (int, bool) {
	return slices.BinarySearchFunc(entries, name, func(e entry, name string) int { return strings.Compare(e.Name, name) })
}

// load is what the file has. It must not be changed.
func (f *File) load() ([]entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.read, f.entries = nil, nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	if f.read != nil && os.SameFile(f.read, info) && f.read.ModTime().Equal(info.ModTime()) && f.read.Size() == info.Size() {
		return f.entries, nil
	}
	entries, info, err := readFile(f.path)
	if err != nil {
		return nil, err
	}
	f.read, f.entries = info, entries
	return entries, nil
}

func readFile(path string) ([]entry, fs.FileInfo, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("tokens: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("tokens: %w", err)
	}
	if err := private(path, info); err != nil {
		return nil, nil, err
	}
	var entries []entry
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entries); err != nil {
		return nil, nil, fmt.Errorf("tokens: %s: %w", path, err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, info, nil
}

// change replaces the file by one with what change returns. One process at a time does that.
func (f *File) change(change func([]entry) ([]entry, error)) (err error) {
	unlock, err := lock(f.path + ".lock")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	entries, _, err := readFile(f.path)
	if err != nil {
		return err
	}
	if entries, err = change(entries); err != nil {
		return err
	}
	if entries == nil {
		entries = []entry{}
	}
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(f.path, append(text, '\n')); err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	return nil
}
