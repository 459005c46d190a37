package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// cacheDir is this user's folder for unpacked programs and for templates. A user
// without a home (nobody, many a service) has one in the temporary folder.
func cacheDir() (string, error) {
	if base, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(base, "pgsluice")
		if err := os.MkdirAll(dir, 0o755); err == nil && writable(dir) {
			return dir, nil
		}
	}
	return temporaryCache()
}

// temporaryCache is a folder in the temporary one. As its name can be guessed, it
// is used only if it belongs to this user.
func temporaryCache() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("pgsluice-cache-%d", os.Geteuid()))
	if err := os.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || !ownedByUs(info) || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s is not a folder of this user alone: remove it, or set XDG_CACHE_HOME", dir)
	}
	return dir, nil
}

func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}
