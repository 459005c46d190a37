package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// orphanDir makes the test binary a program that starts a cluster in the folder,
// says where, and waits to be killed.
const orphanDir = "PGSLUICE_TEST_ORPHAN_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(orphanDir); dir != "" {
		orphan(dir)
	}
	goleak.VerifyTestMain(m)
}

func orphan(dir string) {
	programs, err := Ensure(context.Background(), os.Stderr)
	if err == nil {
		var c *Cluster
		if c, err = Start(context.Background(), Options{Programs: programs, Dir: dir}); err == nil {
			fmt.Fprintln(os.Stdout, c.server.cmd.Process.Pid)
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A process that is killed takes its server with it, and the next Start removes
// the folder that it left.
func TestKilledOwner(t *testing.T) {
	t.Parallel()
	parent := folder(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanDir+"="+parent)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	owned, _ := filepath.Glob(filepath.Join(parent, folderPattern))
	sweep(parent)
	if now, _ := filepath.Glob(filepath.Join(parent, folderPattern)); len(owned) != 1 || len(now) != 1 {
		t.Fatalf("a living owner's folder was swept: %v, then %v", owned, now)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the owner was not killed")
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	limit := time.After(30 * time.Second)
	for gone := false; !gone; {
		select {
		case <-look.C:
			gone = ended(pid)
		case <-limit:
			t.Fatalf("postgres %d outlived its owner", pid)
		}
	}
	mustStart(t, Options{Dir: parent})
	if _, err := os.Stat(owned[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was left: %v", owned[0], err)
	}
}

// ended says whether a process is gone, or a zombie that nobody waits for.
func ended(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
