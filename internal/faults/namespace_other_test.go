//go:build !linux

package faults

import "errors"

func apart() {}

func smallDisk(string, string, int) error { return errors.New("small disks are made on Linux only") }

func resizeDisk(string, int) error { return nil }

func unmount(string) error { return nil }
