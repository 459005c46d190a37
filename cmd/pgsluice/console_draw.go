package main

import (
	"bytes"
	"fmt"
	"time"

	"pgsluice/internal/report"
)

// run writes what is queued and draws the rows until the console is closed.
func (c *console) run() {
	for {
		c.mu.Lock()
		for c.queue.Len() == 0 && !c.redraw && !c.closed {
			c.changed.Wait()
		}
		if c.closed {
			c.mu.Unlock()
			return
		}
		lines := append([]byte(nil), c.queue.Bytes()...)
		c.queue.Reset()
		rows := c.rows
		c.redraw, c.busy, c.flying, c.moved = false, true, len(lines), time.Now()
		c.mu.Unlock()
		c.put(c.frame(lines, rows), len(lines))
		c.mu.Lock()
		c.busy = false
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// frame is what changes the terminal from the rows drawn last to lines with rows below them.
func (c *console) frame(lines []byte, rows []report.Row) []byte {
	if len(rows) == 0 && len(c.drawn) == 0 {
		c.open = openLine(lines, c.open)
		return lines
	}
	var b bytes.Buffer
	columns, _ := c.Size()
	if up := height(c.drawn, columns); up > 0 {
		// To the first column too: what was typed, such as ^C, stands below the rows.
		fmt.Fprintf(&b, "\r\x1b[%dA", up)
	}
	for len(lines) > 0 {
		line, rest, ended := bytes.Cut(lines, []byte{'\n'})
		b.Write(line)
		if c.open = !ended; ended {
			b.WriteString(endLine)
		}
		lines = rest
	}
	if c.open && len(rows) > 0 {
		b.WriteString(endLine)
		c.open = false
	}
	for _, r := range rows {
		b.WriteString(r.Text + endLine)
	}
	b.WriteString("\x1b[J")
	c.drawn = rows
	return b.Bytes()
}

// endLine clears what stood there before. Clearing all at once would flicker, and some terminals put a screen that is
// cleared from its first cell away into their history, again and again.
const endLine = "\x1b[K\n"

func openLine(lines []byte, open bool) bool {
	if len(lines) == 0 {
		return open
	}
	return lines[len(lines)-1] != '\n'
}

// height is how many lines rows take in a terminal of so many columns: one that was made narrower has broken those that
// fitted before.
func height(rows []report.Row, columns int) int {
	n := 0
	for _, r := range rows {
		n += max(1, (r.Columns+columns-1)/columns)
	}
	return n
}

// put writes text in pieces and says after each that it is gone. queued is how much of it was queued.
func (c *console) put(text []byte, queued int) {
	for len(text) > 0 {
		n := min(len(text), piece)
		_, err := c.out.Write(text[:n])
		text = text[n:]
		c.mu.Lock()
		c.written += int64(n)
		c.moved = time.Now()
		c.flying = min(queued, len(text))
		if err != nil {
			c.broken = err
			c.flying = 0
			c.queue.Reset()
		}
		c.changed.Broadcast()
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}
