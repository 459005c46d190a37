package cluster

import (
	"os"
	"path/filepath"
)

const (
	folderPattern = "pgsluice-cluster-*"
	ownerFile     = "owner.lock"
)

// claim locks the owner file of a cluster's folder for as long as this process
// lives. The file appears under its name only when it is locked.
func claim(dir string) (*os.File, error) {
	draft := filepath.Join(dir, ownerFile+".draft")
	f, err := os.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f, true); err != nil {
		f.Close()
		return nil, err
	}
	if err := os.Rename(draft, filepath.Join(dir, ownerFile)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// sweep removes the folders of this user's clusters whose owners were killed. A
// server that still runs in one sees within a minute that its lock file is gone
// and ends. What can't be removed is left: it is not the caller's affair.
func sweep(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, folderPattern)) // the only error is a bad pattern
	for _, dir := range dirs {
		if abandoned(dir) {
			_ = os.RemoveAll(dir)
		}
	}
}

func abandoned(dir string) bool {
	path := filepath.Join(dir, ownerFile)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || !ownedByUs(info) {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return lockFile(f, false) == nil
}
