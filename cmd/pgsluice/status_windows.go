package main

import (
	"io"

	"pgsluice/internal/progress"
)

// statusOnSignal does nothing: Windows has no SIGUSR1.
func statusOnSignal(*progress.Feed, *console, io.Writer) (stop func()) { return func() {} }
