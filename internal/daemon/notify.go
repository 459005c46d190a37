package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// notifier tells systemd how the service is: lines of NAME=VALUE in a datagram to the socket of sd_notify(3), whose protocol is stable and
// documented there. It is this little, which a module for it would not make less. Without a supervisor it does nothing.
type notifier struct {
	address  string
	watchdog time.Duration // how often it wants to hear that the service is alive; 0 is never
}

// newNotifier reads the supervisor's wishes from the environment and removes them: programs that are started from here must not speak for the
// service.
func newNotifier() (notifier, error) {
	var n notifier
	n.address = os.Getenv("NOTIFY_SOCKET")
	text, pid := os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID")
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if err := os.Unsetenv(name); err != nil {
			return n, err
		}
	}
	if text == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return n, nil
	}
	microseconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || microseconds <= 0 {
		return n, fmt.Errorf("WATCHDOG_USEC is %q, and should be microseconds", text)
	}
	// twice as often as it must be, as the manual says
	n.watchdog = time.Duration(microseconds) * time.Microsecond / 2
	return n, nil
}

// send sends one state, such as READY=1.
func (n notifier) send(state string) error {
	if n.address == "" {
		return nil
	}
	// net takes a leading @ for the abstract namespace, as systemd writes it
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell the supervisor %s: %w", state, err)
	}
	_, err = c.Write([]byte(state))
	if err = errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("tell the supervisor %s: %w", state, err)
	}
	return nil
}

// watch says that the service is alive as long as alive returns nil, until ctx ends. A service that does not say so is restarted: so alive is
// about what a restart mends, and not about servers that are away.
func (n notifier) watch(ctx context.Context, alive func(context.Context) error, failed func(error)) {
	if n.address == "" || n.watchdog == 0 {
		return
	}
	next := time.NewTicker(n.watchdog)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		err := alive(ctx)
		if err == nil {
			err = n.send("WATCHDOG=1")
		}
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}
