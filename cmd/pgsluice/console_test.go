package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgsluice/internal/report"
)

// Nobody reads, logs never wait, and afterwards every line is accounted for: told, or counted as dropped.
func TestConsoleDropsLogsOfAReaderWhoSleeps(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	con := newConsole(w)
	const lines = 40_000
	for i := range lines {
		fmt.Fprintf(con.logs(), "log %d %s\n", i, strings.Repeat("x", 60))
	}
	fmt.Fprintln(con, "this matters")
	con.mu.Lock()
	held := con.queue.Len() + con.flying
	con.mu.Unlock()
	if held > logRoom+1000 {
		t.Errorf("%d bytes are kept, more than %d", held, logRoom)
	}
	told := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		told <- string(text)
	}()
	con.close(time.Minute)
	_ = w.Close()
	text := <-told
	notice := regexp.MustCompile(`(?m)^… ([0-9]+) log lines were dropped: stderr was not read\n`).FindStringSubmatch(text)
	if notice == nil {
		t.Fatal("no word about what was dropped")
	}
	dropped, _ := strconv.Atoi(notice[1])
	if got := strings.Count(text, "log ") - 1; got+dropped != lines || dropped == 0 {
		t.Errorf("%d lines told and %d dropped, of %d", got, dropped, lines)
	}
	if !strings.HasSuffix(text, notice[0]) && !strings.HasSuffix(text, "this matters\n") {
		t.Errorf("ends with %q", text[len(text)-100:])
	}
	if !strings.Contains(text, "\nthis matters\n") {
		t.Error("the line that matters was dropped")
	}
}

// An observer waits while nothing flows, so that its lines are of the day when they are read.
func TestConsoleHoldsObserversBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		con := newConsole(w)
		wrote := 0
		go func() {
			line := []byte(strings.Repeat("x", 1023) + "\n")
			for {
				if _, err := con.observer().Write(line); err != nil {
					return
				}
				wrote++
			}
		}()
		synctest.Wait()
		if limit := observerRoom/1024 + 2; wrote > limit || wrote < observerRoom/1024 {
			t.Errorf("%d lines were taken, and there is room for %d", wrote, limit)
		}
		con.close(time.Second) // it gives up
		_ = r.Close()
		synctest.Wait()
	})
}

// The end waits as long as the reader takes something now and then, and not for one who takes nothing.
func TestConsoleCloseWaitsForSlowReadersOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		con := newConsole(w)
		text := strings.Repeat("a line of the table\n", 5000)
		fmt.Fprint(con, text)
		read := make(chan int)
		go func() {
			total := 0
			for chunk := make([]byte, piece); ; {
				time.Sleep(1900 * time.Millisecond)
				n, err := r.Read(chunk)
				total += n
				if err != nil {
					read <- total
					return
				}
			}
		}()
		con.close(2 * time.Second)
		_ = w.Close()
		if n := <-read; n != len(text) {
			t.Errorf("%d bytes arrived of %d", n, len(text))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		con := newConsole(w)
		fmt.Fprintln(con, "nobody reads this")
		begun := time.Now()
		con.close(2 * time.Second)
		if took := time.Since(begun); took < 2*time.Second || took > 4*time.Second {
			t.Errorf("gave up after %s", took)
		}
		_ = r.Close()
		synctest.Wait()
	})
}

// At the end of the work nobody waits again for a reader who has been away, nor gives up on one who has just read.
func TestConsoleHurry(t *testing.T) {
	t.Parallel()
	for away, waits := range map[time.Duration]time.Duration{5 * time.Second: 0, time.Second: 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r, w := io.Pipe()
			con := newConsole(w)
			fmt.Fprintln(con, "nobody reads this")
			time.Sleep(away)
			begun := time.Now()
			con.hurry(2 * time.Second)
			if _, err := con.observer().Write([]byte("nor that\n")); (err != nil) != (waits == 0) {
				t.Errorf("away for %s: an observer's line: %v", away, err)
			}
			con.close(2 * time.Second)
			if took := time.Since(begun); took < waits || took > waits+2*time.Second {
				t.Errorf("away for %s: waited %s, not %s", away, took, waits)
			}
			_ = r.Close()
			synctest.Wait()
		})
	}
}

func TestConsoleOutlivesItsReader(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	con := newConsole(w)
	_ = r.CloseWithError(errors.New("gone"))
	fmt.Fprintln(con, "one")
	for {
		if _, err := con.observer().Write([]byte("two\n")); err != nil {
			break // it has been noticed
		}
	}
	con.Show([]report.Row{{Text: "row", Columns: 3}})
	con.close(time.Minute)
}

// What stands on the terminal after lines and rows in any order: the lines, and the latest rows below them.
func TestConsoleDrawsRowsBelowLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	con := &console{out: &out}
	rows := func(texts ...string) []report.Row {
		var list []report.Row
		for _, text := range texts {
			list = append(list, report.Row{Text: text, Columns: len(text)})
		}
		return list
	}
	screen := &tty{}
	step := func(lines string, shown []report.Row, want string) {
		t.Helper()
		screen.put(string(con.frame([]byte(lines), shown)))
		if got := screen.String(); got != want {
			t.Errorf("after %q:\n%s\nwant:\n%s", lines, got, want)
		}
	}
	step("step ... ", nil, "step ... ")
	step("", rows("bar 1", "table"), "step ... \nbar 1\ntable")
	step("warning: something long\n", rows("bar 2"), "step ... \nwarning: something long\nbar 2")
	step("", rows("a", "b", "c"), "step ... \nwarning: something long\na\nb\nc")
	step("x\ny\n", rows("d"), "step ... \nwarning: something long\nx\ny\nd")
	step("end\n", nil, "step ... \nwarning: something long\nx\ny\nend")
}

func TestRowsOfANarrowedTerminal(t *testing.T) {
	t.Parallel()
	rows := []report.Row{{Columns: 79}, {Columns: 40}, {Columns: 0}, {Columns: 41}}
	for columns, want := range map[int]int{80: 4, 79: 4, 78: 5, 40: 6, 20: 10} {
		if got := height(rows, columns); got != want {
			t.Errorf("%d columns: %d lines, want %d", columns, got, want)
		}
	}
}

// tty understands what frame writes.
type tty struct {
	lines []string
	y, x  int
}

func (s *tty) put(text string) {
	for text != "" {
		if m := regexp.MustCompile(`^\x1b\[([0-9]*)([AJK])`).FindStringSubmatch(text); m != nil {
			switch m[2] {
			case "A":
				n, _ := strconv.Atoi(m[1])
				s.y -= n
			case "K":
				s.line()
				s.lines[s.y] = s.lines[s.y][:s.x]
			case "J":
				s.line()
				s.lines[s.y] = s.lines[s.y][:s.x]
				s.lines = s.lines[:s.y+1]
			}
			text = text[len(m[0]):]
			continue
		}
		switch c := text[:1]; c {
		case "\n":
			s.y++
			s.x = 0
		case "\r":
			s.x = 0
		default:
			s.line()
			rest := ""
			if s.x+1 < len(s.lines[s.y]) {
				rest = s.lines[s.y][s.x+1:]
			}
			s.lines[s.y] = s.lines[s.y][:s.x] + c + rest
			s.x++
		}
		text = text[1:]
	}
}

// line makes the line of the cursor.
func (s *tty) line() {
	for len(s.lines) <= s.y {
		s.lines = append(s.lines, "")
	}
}

func (s *tty) String() string { return strings.TrimRight(strings.Join(s.lines, "\n"), "\n") }
