package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// suites are those of Debian whose own major version it is.
var suites = map[int]string{15: "bookworm", 17: "trixie", 18: "forky"}

// debianKeys are what Debian signs its suites with, the next one too.
const debianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg"

// suiteBuild unpacks the major version's server and client with all libraries that
// they need, the C library included: those of another suite fit no other.
//
//	root/usr/lib/postgresql/NN/bin.real/   the programs
//	root/usr/lib/postgresql/NN/bin/        a script for each, which starts it with its own loader
func suiteBuild(ctx context.Context, log io.Writer, draft, final string, major int, suite string) error {
	for _, tool := range []string{"apt-get", "dpkg"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	a, err := suiteApt(ctx, draft, suite, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "PostgreSQL %d is not on this machine: unpacking the packages of Debian's suite %s into %s\n", major, suite, final)
	if err := a.run(ctx, "apt-get", "-q", "update"); err != nil {
		return err
	}
	n := strconv.Itoa(major)
	packages, err := a.closure(ctx, foreign, "postgresql-"+n, "postgresql-client-"+n)
	if err != nil {
		return err
	}
	root := filepath.Join(draft, "tree", "root")
	if err := a.unpack(ctx, packages, filepath.Join(draft, "debs"), root); err != nil {
		return err
	}
	return makeOwnLaunchers(root, filepath.Join(final, "root"), n)
}

// suiteApt is apt that knows one suite alone, from the mirror that this machine
// uses, and believes that nothing is installed.
func suiteApt(ctx context.Context, draft, suite string, log io.Writer) (apt, error) {
	a, err := privateApt(draft, log)
	if err != nil {
		return apt{}, err
	}
	mirror, err := a.mirror(ctx)
	if err != nil {
		return apt{}, err
	}
	sources, status := filepath.Join(draft, "sources.list"), filepath.Join(draft, "status")
	line := fmt.Sprintf("deb [signed-by=%s] %s %s main\n", debianKeys, mirror, suite)
	for path, content := range map[string]string{sources: line, status: ""} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return apt{}, err
		}
	}
	a.options = append(a.options,
		"-o", "Dir::Etc::sourcelist="+sources, "-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "Dir::Etc::preferences=/dev/null", "-o", "Dir::Etc::preferencesparts=/dev/null",
		"-o", "Dir::State::status="+status,
		"-o", "APT::Sandbox::User=root", // _apt could not write into the draft
	)
	return a, nil
}

// mirror is where this machine gets Debian from. apt says it without its lists.
func (a apt) mirror(ctx context.Context) (string, error) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", err
	}
	id := osRelease(string(release))
	if id["ID"] != "debian" {
		return "", fmt.Errorf("this system is %q: its mirrors have no suites of Debian", id["ID"])
	}
	out, err := a.output(ctx, "apt-get", "--print-uris", "update")
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(`(?m)^'(\S+)/dists/` + regexp.QuoteMeta(id["VERSION_CODENAME"]) + `/InRelease'`).FindStringSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("apt's sources name no mirror of Debian %s", id["VERSION_CODENAME"])
	}
	return m[1], nil
}

// osRelease reads lines of the form NAME=value and NAME="value".
func osRelease(content string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(content) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = strings.Trim(value, `"`)
	}
	return values
}

// idle are libraries that neither a server without JIT nor a client ever loads.
var idle = regexp.MustCompile(`^lib(llvm|z3|perl|c-bin|c-l10n|db5|gdbm|debconf|semanage|sepol|proc2|pam-modules|audit-common|text-|ipc-run|io-pty|.*-perl$)`)

// foreign says whether a package of another suite is to be unpacked.
func foreign(name string) bool {
	return name == "zlib1g" || strings.HasPrefix(name, "lib") && !idle.MatchString(name)
}

// homeBin is the folder of the programs within a build.
func homeBin(major int) string {
	return filepath.Join("root", home(strconv.Itoa(major)), "bin")
}

// makeOwnLaunchers moves the programs of root aside and puts scripts in their
// place: a program that looks for its sister, as initdb does for postgres, must
// find one that starts. The scripts are made for the place where root will stand.
func makeOwnLaunchers(root, final, major string) error {
	if err := drop(root, append(jit(major), "usr/share/doc", "usr/share/man", "usr/share/locale")...); err != nil {
		return err
	}
	loaders, err := filepath.Glob(filepath.Join(root, "usr/lib/*/ld-linux*.so.*"))
	if err == nil && len(loaders) == 0 {
		// before trixie the packages had a lib folder of their own
		loaders, err = filepath.Glob(filepath.Join(root, "lib/*/ld-linux*.so.*"))
	}
	if err != nil || len(loaders) == 0 {
		return fmt.Errorf("libc6 holds no loader: %w", err)
	}
	loader, err := filepath.Rel(root, loaders[0])
	if err != nil {
		return err
	}
	bin := filepath.Join(root, home(major), "bin")
	if err := os.Rename(bin, bin+".real"); err != nil {
		return err
	}
	return eachLauncher(root, final, bin+".real", bin, func(program, libraries string) string {
		return fmt.Sprintf("#!/bin/sh\nexec '%s' --library-path '%s' --argv0 \"$0\" '%s' \"$@\"\n",
			shellQuote.Replace(filepath.Join(final, loader)), libraries,
			shellQuote.Replace(filepath.Join(final, home(major), "bin.real", program)))
	})
}
