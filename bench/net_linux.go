package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// network is a namespace for copiers, joined with the host's by two lines: one for each server, which stays outside.
type network struct {
	name  string    // of the namespace
	lines [2]string // the host's ends
	hosts [2]string // their addresses
}

// newNetwork makes a namespace whose two lines have a queueing discipline at each end. The caller removes it.
func newNetwork(ctx context.Context, discipline ...string) (_ *network, err error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("it needs root")
	}
	n := &network{name: fmt.Sprintf("pgsluice-bench-%d", os.Getpid())}
	if _, err := output(command(ctx, "ip", "netns", "add", n.name)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.remove())
		}
	}()
	for i := range n.lines {
		// 198.18.0.0/15 is there for benchmarks (RFC 2544)
		n.lines[i], n.hosts[i] = fmt.Sprintf("psb%d-%d", os.Getpid(), i), fmt.Sprintf("198.18.%d.1", 2*(os.Getpid()%100)+i)
		inner := fmt.Sprintf("line%d", i)
		for _, args := range [][]string{
			{"ip", "link", "add", n.lines[i], "type", "veth", "peer", "name", inner, "netns", n.name},
			{"ip", "address", "add", n.hosts[i] + "/30", "dev", n.lines[i]},
			{"ip", "link", "set", n.lines[i], "up"},
			{"ip", "-n", n.name, "address", "add", strings.TrimSuffix(n.hosts[i], "1") + "2/30", "dev", inner},
			{"ip", "-n", n.name, "link", "set", inner, "up"},
			append([]string{"tc", "qdisc", "add", "dev", n.lines[i], "root"}, discipline...),
			append([]string{"tc", "-n", n.name, "qdisc", "add", "dev", inner, "root"}, discipline...),
		} {
			if _, err := output(command(ctx, args[0], args[1:]...)); err != nil {
				return nil, err
			}
		}
	}
	return n, nil
}

// within is what to put before a command to run it in the namespace. It becomes that command, without a child.
func (n *network) within() []string { return []string{"ip", "netns", "exec", n.name} }

// remove deletes the namespace and the lines, also after an interruption.
func (n *network) remove() error {
	_, err := output(exec.Command("ip", "netns", "delete", n.name))
	for _, line := range n.lines {
		if _, gone := os.Stat("/sys/class/net/" + line); line != "" && gone == nil {
			_ = exec.Command("ip", "link", "delete", line).Run() // the namespace's end takes it along, sooner or later
		}
	}
	return err
}
