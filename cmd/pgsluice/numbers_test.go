package main

import (
	"maps"
	"testing"
)

func TestSessionSettings(t *testing.T) {
	t.Parallel()
	got, err := sessionSettings([]string{"work_mem=1GB", " My.List =a,b=c", "empty="})
	want := map[string]string{"work_mem": "1GB", "my.list": "a,b=c", "empty": ""}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for _, bad := range [][]string{{"x"}, {"=1"}, {""}, {"a=1", "A=2"}} {
		if got, err := sessionSettings(bad); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func TestParseJobs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "auto": 0, "1": 1, "32": 32} {
		if n, err := parseJobs(text); n != want || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"0", "-4", "many", "1.5", "99999999999999999999", "4 "} {
		if n, err := parseJobs(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
}

func TestParseSplitAbove(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": -1, "1GB": 1e9, "64MiB": 64 << 20} {
		if n, err := parseSplitAbove(text); n != want || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "-1GB", "100", "never"} {
		if n, err := parseSplitAbove(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
}
