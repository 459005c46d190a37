package demo

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Story tells on one writer what a demo does. The line of a step stands open, without a newline, until the step
// ends; what others write meanwhile through Write gets lines of its own. Safe for concurrent use.
type Story struct {
	mu   sync.Mutex
	w    io.Writer
	open bool
}

// NewStory tells on w. An error of w is ignored: nobody is listening any more, and the work goes on.
func NewStory(w io.Writer) *Story { return &Story{w: w} }

// Write passes p on to the writer, on a fresh line.
func (s *Story) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLine()
	return s.w.Write(p)
}

func (s *Story) closeLine() {
	if s.open {
		s.open = false
		fmt.Fprintln(s.w)
	}
}

// say writes a line.
func (s *Story) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLine()
	fmt.Fprintln(s.w, text)
}

// step says that something begins. The caller calls end when it is over, with what came of it, or with the error that
// stopped it, which is not told here. After somebody else's lines, such as those of an interruption, only success is
// worth a line.
func (s *Story) step(text string) (end func(result string, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLine()
	fmt.Fprint(s.w, text+" ... ")
	s.open = true
	begun := time.Now()
	return func(result string, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		open := s.open
		s.open = false
		if err != nil {
			if open {
				fmt.Fprintln(s.w, "failed")
			}
			return
		}
		if !open {
			fmt.Fprint(s.w, "... ")
		}
		if result != "" {
			result += ", "
		}
		fmt.Fprintf(s.w, "%s%.1f s\n", result, time.Since(begun).Seconds())
	}
}
