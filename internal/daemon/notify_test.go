//go:build unix

package daemon

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// supervisor is the socket that systemd would have; next returns what comes.
func supervisor(t *testing.T, name string) (next func() string) {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	return func() string {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 1000)
		n, err := c.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
}

func TestNotifySaysWhatTheServiceIs(t *testing.T) {
	for name, socket := range map[string]string{
		"path": filepath.Join(t.TempDir(), "n.sock"), "abstract": "@pgsluice-test-" + strconv.Itoa(os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "abstract" && runtime.GOOS != "linux" {
				t.Skip("there are none here")
			}
			next := supervisor(t, socket)
			t.Setenv("WATCHDOG_USEC", "20000")
			t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
			n, err := newNotifier()
			if err != nil || n.watchdog != 10*time.Millisecond {
				t.Fatalf("%+v, %v", n, err)
			}
			if os.Getenv("NOTIFY_SOCKET") != "" || os.Getenv("WATCHDOG_USEC") != "" {
				t.Error("programs started from here inherit the supervisor's socket")
			}
			if err := n.send("READY=1"); err != nil {
				t.Fatal(err)
			}
			if got := next(); got != "READY=1" {
				t.Errorf("got %q", got)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			sick := errors.New("sick")
			var asked int
			var said error
			go func() {
				defer close(ended)
				n.watch(ctx, func(context.Context) error {
					if asked++; asked == 2 {
						return sick
					}
					return nil
				}, func(err error) { said = err })
			}()
			for range 2 { // a sick service is silent
				if got := next(); got != "WATCHDOG=1" {
					t.Errorf("got %q", got)
				}
			}
			cancel()
			<-ended
			if asked < 3 || !errors.Is(said, sick) {
				t.Errorf("asked %d times, heard %v", asked, said)
			}
		})
	}
}

func TestNotifyWithoutSupervisor(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "1000")
	t.Setenv("WATCHDOG_PID", "1")
	n, err := newNotifier()
	if err != nil || n.watchdog != 0 {
		t.Fatalf("another process's watchdog: %+v, %v", n, err)
	}
	if err := n.send("READY=1"); err != nil {
		t.Error(err)
	}
	n.watch(t.Context(), nil, nil)
	t.Setenv("WATCHDOG_USEC", "often")
	t.Setenv("WATCHDOG_PID", "")
	if _, err := newNotifier(); err == nil {
		t.Error("a watchdog of often microseconds")
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	if n, err = newNotifier(); err == nil {
		err = n.send("READY=1")
	}
	if err == nil {
		t.Error("a supervisor that is gone is no error")
	}
}
