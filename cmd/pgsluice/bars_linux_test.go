package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pgsluice/internal/pgtest"
)

// terminal opens a pseudo-terminal: what is written to screen is read from keyboard's side.
func terminal(t *testing.T, columns, rows int) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	resize(t, keyboard, columns, rows)
	return keyboard, screen
}

func resize(t *testing.T, keyboard *os.File, columns, rows int) {
	t.Helper()
	size := &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}
	if err := unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
}

// onTerminal copies with a terminal as stderr and returns all that was written to it. see is called with it as it grows.
func onTerminal(t *testing.T, env []string, see func(keyboard *os.File, soFar string), args ...string) string {
	t.Helper()
	source, target := shops(t)
	pgtest.Exec(t, source, `INSERT INTO orders SELECT i, 1, repeat('x', 1000) FROM generate_series(1000, 1400) i`)
	keyboard, screen := terminal(t, 80, 24)
	cmd := program(t, append([]string{"copy", source, target, "--rate-limit", "400kB/s"}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = screen
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen.Close()
	var text strings.Builder
	for chunk := make([]byte, 4096); ; {
		n, err := keyboard.Read(chunk)
		text.Write(chunk[:n])
		if err != nil { // EIO: the last writer has gone
			break
		}
		see(keyboard, text.String())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the copy: %v", err)
	}
	pgtest.DBDiff(t, source, target)
	return text.String()
}

func TestBarsOnATerminal(t *testing.T) {
	t.Parallel()
	resized := false
	text := onTerminal(t, nil, func(keyboard *os.File, soFar string) {
		if !resized && strings.Contains(soFar, "kB of ≈") {
			resized = true
			resize(t, keyboard, 60, 20)
		}
	})
	for _, want := range []string{
		`\x1b\[1mdata        \x1b\[m +[0-9]+ % \[[=>-]+\] [0-9.]+ kB of ≈[0-9]+ kB, [0-9]+ kB/s`,
		`\[=*>?-{0,7}\]`, // of 60 columns
		`public\.orders +[0-9.]+ kB, [ 0-9]{2} % of ≈`,
		`\[0:0[0-9]\] data: done, 2/2 tables`,
		`\x1b\[[0-9]+A`,
		`Complete`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("not on the terminal: %s", want)
		}
	}
	_, table, _ := strings.Cut(text, "pgsluice copy: ")
	if strings.Contains(table, "[=") || !strings.Contains(table, "Complete") || !resized {
		t.Errorf("bars stand behind the table:\n%s", table)
	}
	if t.Failed() {
		t.Logf("%q", text)
	}
}

func TestNoColorAndDumbTerminals(t *testing.T) {
	t.Parallel()
	t.Run("NO_COLOR", func(t *testing.T) {
		t.Parallel()
		text := onTerminal(t, []string{"NO_COLOR=1"}, func(*os.File, string) {})
		if strings.Contains(text, "\x1b[1m") || !strings.Contains(text, "\x1b[J") {
			t.Error("the terminal got colours, or no bars")
		}
	})
	t.Run("dumb", func(t *testing.T) {
		t.Parallel()
		text := onTerminal(t, []string{"TERM=dumb"}, func(*os.File, string) {})
		if strings.Contains(text, "\x1b") || !strings.Contains(text, "] data: done, 2/2 tables") {
			t.Error("a dumb terminal got more than lines, or less")
		}
	})
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		text := onTerminal(t, nil, func(*os.File, string) {}, "--progress", "json")
		for _, line := range strings.Split(strings.TrimSpace(text), "\r\n") {
			if !strings.HasPrefix(line, "{") {
				t.Errorf("not an object: %s", line)
			}
		}
	})
}

// A terminal that was stopped with Ctrl-S holds nothing up.
func TestATerminalThatIsStopped(t *testing.T) {
	t.Parallel()
	source, target := shops(t)
	keyboard, screen := terminal(t, 80, 24)
	fillUp(t, screen)
	cmd := program(t, "copy", source, target)
	cmd.Stderr = screen
	if err := cmd.Run(); err != nil {
		t.Errorf("the copy: %v", err)
	}
	screen.Close()
	_, _ = io.Copy(io.Discard, keyboard)
	pgtest.DBDiff(t, source, target)
}
