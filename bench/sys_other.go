//go:build !linux

package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"time"
)

// The figures come from /proc and wait4 as Linux has them. Elsewhere the program only compiles.
func supported() error { return errors.New("the benchmarks need Linux") }

func giveAway(string) error          { return supported() }
func dropPrivileges(*exec.Cmd) error { return supported() }
func peakOf(*os.ProcessState) int64  { return 0 }
func cpuOf(int) time.Duration        { return 0 }
func hasSession(int) bool            { return false }
func onePage(*os.File) error         { return supported() }
func stopProcess(*os.Process) error  { return supported() }
func machine() string                { return "" }
func isOpen(net.Conn) bool           { return false }

type network struct {
	name  string
	hosts [2]string
}

func newNetwork(context.Context, ...string) (*network, error) { return nil, supported() }
func (*network) within() []string                             { return nil }
func (*network) remove() error                                { return supported() }

type watch struct{}

func watchPeak(int) watch { return watch{} }
func (watch) end() int64  { return 0 }
