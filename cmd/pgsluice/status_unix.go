//go:build unix

package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"

	"pgsluice/internal/progress"
	"pgsluice/internal/report"
)

// statusOnSignal writes the state of feed to notes at each SIGUSR1 until stop is called. Later ones do nothing: Go's
// default would end the process, in the midst of its last lines.
func statusOnSignal(feed *progress.Feed, con *console, notes io.Writer) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	over, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		for {
			select {
			case <-signals:
				width := 0
				if con.file != nil {
					width, _ = con.Size()
				}
				_, _ = io.WriteString(notes, report.StatusText(feed.Snapshot(), width)) // a console takes everything
			case <-over:
				return
			}
		}
	}()
	return func() {
		close(over)
		<-left
	}
}
