//go:build unix

package faults

import "syscall"

// quit makes a Go program print its goroutines and end.
var quit = syscall.SIGQUIT
