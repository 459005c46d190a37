package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// childrenTell lists the children of a process in whose arguments or environment the password stands, and says how many
// children were looked at.
func childrenTell(parent int) (found []string, seen int) {
	processes, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range processes {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …, where the name may hold anything
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		words := strings.Fields(rest)
		if len(words) < 2 || words[1] != strconv.Itoa(parent) {
			continue
		}
		seen++
		for _, part := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(path), part))
			if err == nil && tells(string(text)) {
				found = append(found, fmt.Sprintf("%s of %q", part, words))
			}
		}
	}
	return found, seen
}
