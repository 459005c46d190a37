package demo

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestStory(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s := NewStory(&b)
	s.step("alone")("", nil)
	s.step("with a result")("3 things", nil)
	end := s.step("talked over")
	fmt.Fprintln(s, "somebody else")
	end("", nil)
	end = s.step("failing")
	end("", errors.New("not told here"))
	end = s.step("interrupted")
	fmt.Fprintln(s, "a signal")
	end("", errors.New("not told here"))
	s.say("the end")
	got := regexp.MustCompile(`\d+\.\d s`).ReplaceAllString(b.String(), "0.0 s")
	want := `alone ... 0.0 s
with a result ... 3 things, 0.0 s
talked over ... 
somebody else
... 0.0 s
failing ... failed
interrupted ... 
a signal
the end
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
