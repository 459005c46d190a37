package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Stage is one piece of a pipeline: a name and exactly one of Run and Tap. The zero Stage vanishes
// from the pipeline, so that an optional stage needs no if around it.
type Stage struct {
	// Name stands in errors and in the Flow. Two stages may share a name, but then an error does not
	// tell them apart.
	Name string

	// Run reads r up to io.EOF, writes w and returns nil when it has written everything. It runs in
	// a goroutine of its own. It closes neither r nor w, and neither can be closed: both have their
	// one method only. It must return soon after ctx is cancelled or after Read or Write returned an
	// error. r and w may be used from goroutines that Run starts (calls of one side are served one
	// after the other), if these have ended, or at least left Read and Write, when Run returns.
	Run func(ctx context.Context, r io.Reader, w io.Writer) error

	// Tap sees each chunk of bytes before it enters the link on the right of the tap. It is called
	// in the goroutine that writes into the link, never twice at the same time and never with an
	// empty p. It may wait, as long as ctx is not cancelled, and it may fail: then p goes no
	// further. It must not change p nor keep it after it has returned.
	Tap func(ctx context.Context, p []byte) error
}

// isZero reports whether s is the zero Stage.
func (s Stage) isZero() bool { return s.Name == "" && s.Run == nil && s.Tap == nil }

// check finds mistakes of the programmer in one stage; i is its place in the argument list, from 0.
func (s Stage) check(i int) error {
	switch {
	case s.Name == "":
		return fmt.Errorf("pipeline: stage %d has no name", i+1)
	case s.Run != nil && s.Tap != nil:
		return fmt.Errorf("pipeline: stage %s has both Run and Tap", s.Name)
	case s.Run == nil && s.Tap == nil:
		return fmt.Errorf("pipeline: stage %s has neither Run nor Tap", s.Name)
	}
	return nil
}

// arrange drops zero stages and refuses what can't be a pipeline.
func arrange(stages []Stage) ([]Stage, error) {
	var kept []Stage
	lastRun := -1
	for i, s := range stages {
		if s.isZero() {
			continue
		}
		if err := s.check(i); err != nil {
			return nil, err
		}
		if s.Tap != nil && lastRun < 0 {
			return nil, fmt.Errorf("pipeline: tap %s stands before the first stage, where no bytes flow", s.Name)
		}
		if s.Run != nil {
			lastRun = len(kept)
		}
		kept = append(kept, s)
	}
	if lastRun != len(kept)-1 {
		return nil, fmt.Errorf("pipeline: tap %s stands after the last stage, where no bytes flow", kept[lastRun+1].Name)
	}
	return kept, nil
}

// guard calls call and hands its outcome to then in every case: a return, a panic (which ends here)
// or runtime.Goexit (which goes on after then).
func guard(call func() error, then func(err error, stack []byte)) {
	err := errGoexit
	var stack []byte
	defer func() {
		if v := recover(); v != nil {
			stack, err = panicked(v)
		}
		then(err, stack)
	}()
	err = call()
}

// errGoexit is what is left when a stage neither returned nor panicked.
var errGoexit = errors.New("ended by runtime.Goexit without a result")
