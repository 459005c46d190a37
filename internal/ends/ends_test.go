package ends_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgsluice/internal/ends"
)

func TestReader(t *testing.T) {
	text := strings.Repeat("some text\n", 20_000)
	for _, in := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		got, err := io.ReadAll(iotest.HalfReader(ends.NewReader(t.Context(), in)))
		if err != nil || string(got) != text {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	broken := errors.New("broken")
	got, err := io.ReadAll(ends.NewReader(t.Context(), io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken))))
	if string(got) != "a" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

// What comes when nobody waits any more is not lost.
func TestReaderGivesUp(t *testing.T) {
	in, out := io.Pipe()
	r := ends.NewReader(t.Context(), in)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	back := r.Under(ctx)
	cancel(stopped)
	p := make([]byte, 10)
	if _, err := r.Read(p); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	back()
	ctx, cancel = context.WithCancelCause(t.Context())
	back = r.Under(ctx)
	go cancel(stopped)
	if _, err := r.Read(p); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	back()
	go func() {
		_, _ = out.Write([]byte("late"))
		_ = out.Close()
	}()
	if got, err := io.ReadAll(r); string(got) != "late" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWriterGivesUp(t *testing.T) {
	in, out := io.Pipe()
	defer func() { _ = in.Close() }()
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(stopped)
	w := ends.NewWriter(ctx, out)
	for range 2 {
		if _, err := w.Write([]byte("nobody reads")); !errors.Is(err, stopped) {
			t.Error(err)
		}
	}
}

func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	there := func(want ...string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("there are %q, not %q: %v", got, want, err)
		}
	}
	create := func(name string, directory bool) *ends.Output {
		t.Helper()
		o, err := ends.Create(t.Context(), filepath.Join(dir, name), directory, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := create("a", false)
	if _, err := io.WriteString(o.Writer(), "whole"); err != nil {
		t.Fatal(err)
	}
	o.Discard()
	there()
	o = create("a", false)
	if _, err := io.WriteString(o.Writer(), "whole"); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	o.Discard()
	there("a")
	o = create("d", true)
	if err := os.WriteFile(filepath.Join(o.Directory(), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Discard()
	there("a")
	o = create("d", true)
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	there("a", "d")
	o = create("d", true) // it is empty
	if err := os.WriteFile(filepath.Join(o.Directory(), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	for name, directory := range map[string]bool{"a": true, "d": true, "d/": false, "no/where": false} {
		if _, err := ends.Create(t.Context(), filepath.Join(dir, name), directory, nil); err == nil || strings.Contains(err.Error(), "part-") {
			t.Errorf("%s: %v", name, err)
		}
	}
	there("a", "d")
}
