//go:build !unix

package main

import (
	"io"
	"os"
)

// stdinStream is stdin; a read from it ends with the process.
func stdinStream() (in io.Reader, free func()) { return os.Stdin, func() {} }
