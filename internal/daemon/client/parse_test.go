package client

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func parsed(t *testing.T, r io.Reader) (got []string, err error) {
	t.Helper()
	err = parse(r, func() {}, func(m message) (bool, error) {
		got = append(got, strings.Join([]string{m.name, string(m.data)}, "=")+map[bool]string{true: "!"}[m.id > 0])
		return true, nil
	})
	return got, err
}

func TestParse(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		"data: a\n\n":                       {"=a"},
		"data: a":                           nil, // half an event
		"data: a\n":                         nil,
		"id: 7\nevent: state\ndata: {}\n\n": {"state={}!"},
		"id: x\nevent:state\ndata:{}\n\n":   {"state={}"},
		": comment\n\n:\n\ndata: a\n\n":     {"=a"},
		"data: a\r\ndata: b\r\n\r\n":        {"=a\nb"},
		"event: x\n\ndata: a\n\n":           {"=a"}, // an event without data is none
		"retry: 5\nother: 6\ndata: a\n\nid: 1\n\n":                  {"=a"},
		"data: " + strings.Repeat("x", 200<<10) + "\n\ndata: b\n\n": {"=" + strings.Repeat("x", 200<<10), "=b"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
			if got, err := parsed(t, r); err != nil || !slices.Equal(got, want) {
				t.Errorf("%.60q, %s: %.60q, %v", text, name, got, err)
			}
		}
	}
}

func TestParseEndsWithTheError(t *testing.T) {
	broken := errors.New("broken")
	got, err := parsed(t, io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !slices.Equal(got, []string{"=a"}) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := parsed(t, io.MultiReader(strings.NewReader("data: "), endless{})); !errors.Is(err, errLongest) {
		t.Errorf("an endless event: %v", err)
	}
}

// endless reads as the same letter for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzParse(f *testing.F) {
	f.Add("id: 1\nevent: a\ndata: b\ndata: c\n\n")
	f.Add(":\r\n\r\ndata\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		whole, err := parsed(t, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if slow, err := parsed(t, iotest.OneByteReader(strings.NewReader(text))); err != nil || !slices.Equal(whole, slow) {
			t.Errorf("%q: %q and %q, %v", text, whole, slow, err)
		}
	})
}
