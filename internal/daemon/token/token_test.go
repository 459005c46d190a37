package token_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgsluice/internal/daemon/token"
)

func add(t *testing.T, f *token.File, name string, role token.Role) string {
	t.Helper()
	secret, err := f.Add(name, role)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func check(t *testing.T, f *token.File, secret string) (token.Token, bool) {
	t.Helper()
	who, ok, err := f.Check(secret)
	if err != nil {
		t.Fatal(err)
	}
	return who, ok
}

func TestATokenIsKnownByItsSecretAlone(t *testing.T) {
	f := token.In(t.TempDir())
	if _, ok := check(t, f, "pgs_"); ok {
		t.Error("without a file somebody gets in")
	}
	operate, read := add(t, f, "ada", token.Operate), add(t, f, "bob", token.Read)
	if !regexp.MustCompile(`^pgs_[A-Za-z0-9_-]{43}$`).MatchString(operate) || operate == read {
		t.Errorf("secrets %s, %s", operate, read)
	}
	if who, ok := check(t, f, operate); !ok || who.Name != "ada" || !who.MayOperate() {
		t.Errorf("ada: %+v, %t", who, ok)
	}
	if who, ok := check(t, f, read); !ok || who.Name != "bob" || who.MayOperate() {
		t.Errorf("bob: %+v, %t", who, ok)
	}
	for _, wrong := range []string{"", "ada", operate[4:], operate[:46], operate + "A", strings.ToLower(operate), " " + operate} {
		if who, ok := check(t, f, wrong); ok {
			t.Errorf("%q is taken for %+v", wrong, who)
		}
	}
}

// TestTheFileKeepsNoSecret, and only its owner can read it.
func TestTheFileKeepsNoSecret(t *testing.T) {
	f := token.In(t.TempDir())
	secret := add(t, f, "ada", token.Operate)
	text, err := os.ReadFile(f.Path())
	if err != nil || strings.Contains(string(text), secret[4:20]) {
		t.Errorf("%v\n%s", err, text)
	}
	info, err := os.Stat(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if entries, err := os.ReadDir(filepath.Dir(f.Path())); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestAnotherProcessChangesTheFile: one File sees what another has done, at once.
func TestAnotherProcessChangesTheFile(t *testing.T) {
	dir := t.TempDir()
	daemon, command := token.In(dir), token.In(dir)
	var secrets []string
	for _, name := range []string{"a", "b", "c"} {
		secret := add(t, command, name, token.Read)
		if _, ok := check(t, daemon, secret); !ok {
			t.Errorf("%s is not known", name)
		}
		secrets = append(secrets, secret)
	}
	if err := command.Remove("b"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true} {
		if _, ok := check(t, daemon, secrets[i]); ok != want {
			t.Errorf("token %d opens: %t", i, ok)
		}
	}
	if err := os.Remove(command.Path()); err != nil {
		t.Fatal(err)
	}
	if _, ok := check(t, daemon, secrets[0]); ok {
		t.Error("without its file a token opens")
	}
}

func TestNamesAreUnique(t *testing.T) {
	f := token.In(t.TempDir())
	first := add(t, f, "ada", token.Read)
	if _, err := f.Add("ada", token.Operate); !errors.Is(err, token.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	if who, ok := check(t, f, first); !ok || who.MayOperate() {
		t.Errorf("ada is %+v now", who)
	}
	if err := f.Remove("bob"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("remove: %v", err)
	}
	for _, name := range []string{"", "-x", "a b", "a\nb", strings.Repeat("a", 64), "ä"} {
		if _, err := f.Add(name, token.Read); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
	if _, err := f.Add("x", "admin"); err == nil {
		t.Error("admin is a role")
	}
	if list, err := f.List(); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
}

// TestFirst: there is no default secret, and a file without tokens makes no new one.
func TestFirst(t *testing.T) {
	f := token.In(t.TempDir())
	secret, err := f.First()
	if who, ok := check(t, f, secret); err != nil || !ok || !who.MayOperate() {
		t.Errorf("first: %+v, %t, %v", who, ok, err)
	}
	if again, err := f.First(); err != nil || again != "" {
		t.Errorf("a second start shows %q, %v", again, err)
	}
	if err := f.Remove("first"); err != nil {
		t.Fatal(err)
	}
	if again, err := f.First(); err != nil || again != "" {
		t.Errorf("a start without tokens shows %q, %v", again, err)
	}
}

// TestFilesThatAreNotTrusted let nobody in.
func TestFilesThatAreNotTrusted(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"others read it":  func(path string) error { return os.Chmod(path, 0o640) },
		"others write it": func(path string) error { return os.Chmod(path, 0o602) },
		"cut off":         func(path string) error { return os.Truncate(path, 20) },
		"not ours":        func(path string) error { return os.WriteFile(path, []byte(`[{"name": "x", "admin": true}]`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasPrefix(name, "others") {
				t.Skip("Windows has no such bits")
			}
			f := token.In(t.TempDir())
			secret := add(t, f, "ada", token.Operate)
			if err := spoil(f.Path()); err != nil {
				t.Fatal(err)
			}
			if _, ok, err := token.In(filepath.Dir(f.Path())).Check(secret); ok || err == nil || !strings.Contains(err.Error(), f.Path()) {
				t.Errorf("%t, %v", ok, err)
			}
		})
	}
}

// TestChangesAtTheSameTime lose nothing: each is made, or says that it was not.
func TestChangesAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	made := map[string]string{}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			name := string(rune('a' + i))
			secret, err := token.In(dir).Add(name, token.Read)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				made[name] = secret
			} else if !strings.Contains(err.Error(), "another command changes them") {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f := token.In(dir)
	list, err := f.List()
	if err != nil || len(list) != len(made) || len(made) == 0 {
		t.Fatalf("made %d, listed %d, %v", len(made), len(list), err)
	}
	for name, secret := range made {
		if who, ok := check(t, f, secret); !ok || who.Name != name {
			t.Errorf("%s: %+v, %t", name, who, ok)
		}
	}
}
