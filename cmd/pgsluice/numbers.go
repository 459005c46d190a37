package main

import (
	"fmt"
	"strconv"

	"pgsluice/internal/quantity"
)

// parseSplitAbove reads a size, or 0 for never, which is -1 in the options.
func parseSplitAbove(s string) (int64, error) {
	if s == "0" {
		return -1, nil
	}
	return quantity.ParseSize(s)
}

// parseJobs reads a number of jobs; auto, or nothing, is 0.
func parseJobs(s string) (int, error) {
	if s == "" || s == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is neither auto nor a number from 1 on", s)
	}
	return n, nil
}
