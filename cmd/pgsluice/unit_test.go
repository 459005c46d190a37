package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgsluice/internal/docs"
)

// The systemd unit that help prints starts serve with flags that it has, and says nothing that systemd does not know.
func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	unit, err := docs.Topic("pgsluice.service")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(unit, "\nExecStart=")
	words := strings.Fields(strings.SplitN(line, "\n", 2)[0])
	if len(words) < 2 || words[1] != "serve" {
		t.Fatalf("it starts %q", words)
	}
	known := map[string]bool{}
	for _, flag := range serveCommand().Flags {
		known["--"+flag.Names()[0]] = true
	}
	for _, word := range words[2:] {
		if strings.HasPrefix(word, "--") && !known[word] {
			t.Errorf("serve has no %s", word)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd's own opinion needs systemd-analyze")
	}
	path := filepath.Join(t.TempDir(), "pgsluice.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(unit, words[0], "/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
