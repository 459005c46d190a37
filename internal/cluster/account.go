package cluster

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// account is the user that initdb and postgres run as; the zero account is the
// user of this process.
type account struct {
	drop     bool
	name     string
	uid, gid int
}

// runAs finds the account: root needs another one, all others are their own.
func runAs() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{drop: true, name: name, uid: uid, gid: gid}, nil
		}
	}
	return account{}, fmt.Errorf("postgres refuses to run as root, and there is neither a user postgres nor a user nobody to run it as")
}

// own gives a file or directory to the account.
func (a account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// reachable says whether the account that root drops to can get to path: each
// folder above it must let others pass. For other users the system itself says.
func reachable(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("%s: an ordinary user, as which postgres must run, can't pass through %s", path, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
