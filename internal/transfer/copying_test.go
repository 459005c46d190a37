package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"pgsluice/internal/pgtest"
	"pgsluice/internal/progress"
)

// copying is a Copy in work.
type copying struct {
	t      *testing.T
	opt    Options
	label  string // of its goroutines
	stop   context.CancelCauseFunc
	result *Result
	err    error
	done   chan struct{}
}

// beginCopy starts a copy. When the test ends, nothing of it may be left.
func beginCopy(t *testing.T, opt Options) *copying {
	t.Helper()
	if opt.Progress == nil {
		opt.Progress = progress.New()
	}
	ctx, stop := context.WithCancelCause(t.Context())
	c := &copying{t: t, opt: opt, label: t.Name(), stop: stop, done: make(chan struct{})}
	go pprof.Do(ctx, pprof.Labels("copy", c.label), func(ctx context.Context) {
		defer close(c.done)
		c.result, c.err = Copy(ctx, opt)
	})
	t.Cleanup(func() {
		c.cancel(errors.New("the test has ended"))
		<-c.done
	})
	return c
}

// cancel passes the label on to the goroutines that a cancellation starts.
func (c *copying) cancel(cause error) {
	pprof.Do(context.Background(), pprof.Labels("copy", c.label), func(context.Context) { c.stop(cause) })
}

// wait returns what the copy came to, and demands that it left nothing behind.
func (c *copying) wait(within time.Duration) (*Result, error) {
	c.t.Helper()
	from := time.Now()
	select {
	case <-c.done:
	case <-time.After(within):
		c.t.Fatalf("not ended within %s", within)
	}
	c.t.Logf("ended after %s: %v", time.Since(from).Round(time.Millisecond), c.err)
	c.nothingLeft()
	return c.result, c.err
}

// ok is wait for a copy that must succeed.
func (c *copying) ok() {
	c.t.Helper()
	result, err := c.wait(patience)
	if err != nil || result.Failed > 0 {
		c.t.Fatalf("%d objects failed; error %v", result.Failed, err)
	}
}

// fails is wait for a copy that must fail with an error that says all of words, once the target is no longer untouched.
func (c *copying) fails(words ...string) {
	c.t.Helper()
	_, err := c.wait(prompt)
	mentions(c.t, err, words...)
	if IsRefused(err) {
		c.t.Errorf("%v: says that nothing was changed", err)
	}
}

// refused is wait for a copy that must fail before it changes anything.
func (c *copying) refused(words ...string) {
	c.t.Helper()
	_, err := c.wait(prompt)
	mentions(c.t, err, words...)
	if !IsRefused(err) {
		c.t.Errorf("%v: does not say that nothing was changed", err)
	}
	if n := pgtest.Scalar[int](c.t, c.opt.Target, "SELECT count(*) FROM pg_class WHERE oid >= 16384"); n > 0 {
		c.t.Errorf("the target has %d relations", n)
	}
}

func mentions(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !regexp.MustCompile(w).MatchString(err.Error()) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func (c *copying) nothingLeft() {
	c.t.Helper()
	for side, url := range map[string]string{"source": c.opt.Source, "target": c.opt.Target} {
		if strings.HasPrefix(url, "postgres://postgres@") && !becomes(c.t, url, noneLeft, prompt) {
			c.t.Errorf("backends are left on the %s:\n%s", side, activity(c.t, url))
		}
	}
	if !pgtest.Poll(prompt, func() bool { return c.goroutines() == "" }) {
		c.t.Errorf("goroutines are left:\n%s", c.goroutines())
	}
}

// goroutines are the stacks of those that the copy has started. A label finds them among those of the tests beside.
func (c *copying) goroutines() string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		c.t.Fatal(err)
	}
	var mine []string
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf(`"copy":%q`, c.label)) {
			mine = append(mine, stack)
		}
	}
	return strings.Join(mine, "\n\n")
}

// until waits for a state of the copy.
func (c *copying) until(what string, condition func(progress.Snapshot) bool) {
	c.t.Helper()
	if !pgtest.Poll(patience, func() bool { return condition(c.opt.Progress.Snapshot()) }) {
		c.t.Fatalf("it never came to be that %s: %+v", what, c.opt.Progress.Snapshot())
	}
}

func (c *copying) untilMoved(bytes int64) {
	c.t.Helper()
	c.until(fmt.Sprintf("%d bytes are moved", bytes), func(s progress.Snapshot) bool { return s.Data.Bytes >= bytes })
}

// warned demands a warning that says words.
func (c *copying) warned(words string) {
	c.t.Helper()
	warnings := c.opt.Progress.Snapshot().Warnings
	for _, w := range warnings {
		if strings.Contains(w.Object+" "+w.Message, words) {
			return
		}
	}
	c.t.Errorf("no warning says %q: %v", words, warnings)
}

// goesOn is wait for a copy in which some objects fail.
func (c *copying) goesOn(failed int) {
	c.t.Helper()
	result, err := c.wait(patience)
	if err != nil {
		c.t.Fatal(err)
	}
	if result.Failed != failed {
		c.t.Errorf("%d objects failed, want %d: %v", result.Failed, failed, c.opt.Progress.Snapshot().Failures)
	}
}

// failed demands that an object is listed as failed with an error that matches reason.
func (c *copying) failed(object, reason string) {
	c.t.Helper()
	failures := c.opt.Progress.Snapshot().Failures
	for _, f := range failures {
		if f.Task.Name == object && regexp.MustCompile(reason).MatchString(f.Error) {
			return
		}
	}
	c.t.Errorf("%s is not listed as failed with %q: %v", object, reason, failures)
}
