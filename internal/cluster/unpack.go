package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// aptUnpack unpacks the distribution's server and client, with the libraries
// that this machine lacks, below cache/postgresql-NN, where Find looks. apt
// keeps its state in a folder of its own meanwhile, as an ordinary user must
// not write the system's.
//
//	cache/postgresql-NN/root/   what the packages hold
//	cache/postgresql-NN/bin/    a script for each program, which says where the libraries are
func aptUnpack(ctx context.Context, log io.Writer, cache string) (err error) {
	draft, err := os.MkdirTemp(cache, "apt-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(draft)) }()
	a, err := privateApt(draft, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "PostgreSQL's server programs are missing here: unpacking the distribution's packages into %s\n", cache)
	if err := a.run(ctx, "apt-get", "-q", "update"); err != nil {
		return err
	}
	major, err := a.major(ctx)
	if err != nil {
		return err
	}
	packages, err := a.closure(ctx, missing, "postgresql-"+major, "postgresql-client-"+major)
	if err != nil {
		return err
	}
	tree := filepath.Join(draft, "tree")
	if err := a.unpack(ctx, packages, filepath.Join(draft, "debs"), filepath.Join(tree, "root")); err != nil {
		return err
	}
	final := filepath.Join(cache, "postgresql-"+major)
	if err := makeLaunchers(tree, final, major); err != nil {
		return err
	}
	// what stands there already could not be run, or Find would have taken it
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	return os.Rename(tree, final)
}

// privateApt is apt with the machine's sources, keys and list of installed
// packages, but lists, caches and locks below dir.
func privateApt(dir string, log io.Writer) (apt, error) {
	for _, sub := range []string{"state/lists/partial", "cache/archives/partial", "debs", "tree/root"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return apt{}, err
		}
	}
	return apt{log: log, options: []string{
		"-o", "Dir::State=" + filepath.Join(dir, "state"),
		"-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "Dir::Log=" + dir,
		"-o", "Acquire::Languages=none",
		"-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
	}}, nil
}

// installLine matches "Inst libpq5 (15.18-0+deb12u1 …)", a package that is not
// here yet; for an upgrade the old version follows the name, in brackets.
var installLine = regexp.MustCompile(`(?m)^Inst (\S+) \(`)

// unneeded are libraries that a bare server never loads: those of the JIT
// compiler (a hundred megabytes), and of the packages' Perl scripts. The C
// library is always here, and another one would not fit its own loader.
var unneeded = regexp.MustCompile(`^lib(llvm|z3|c6$|c-bin|c-l10n|perl|.*-perl$)`)

// missing says whether a package that is not here must be unpacked.
func missing(name string) bool {
	return strings.HasPrefix(name, "lib") && !unneeded.MatchString(name)
}

// closure is the packages, and all that they need of what is not installed and
// wanted.
func (a apt) closure(ctx context.Context, wanted func(name string) bool, packages ...string) ([]string, error) {
	args := append([]string{"-s", "--no-install-recommends", "install"}, packages...)
	out, err := a.output(ctx, "apt-get", args...)
	if err != nil {
		return nil, err
	}
	for _, m := range installLine.FindAllStringSubmatch(out, -1) {
		name, _, _ := strings.Cut(m[1], ":") // "libpq5:amd64"
		if wanted(name) {
			packages = append(packages, name)
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages), nil
}

// unpack downloads the packages into debs and unpacks them below root.
func (a apt) unpack(ctx context.Context, packages []string, debs, root string) error {
	cmd := a.command(ctx, "apt-get", append([]string{"-q", "download"}, packages...)...)
	cmd.Dir, cmd.Stdout = debs, a.log
	if err := cmd.Run(); err != nil {
		return wrap(cmd, err)
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range files {
		if err := (apt{log: a.log}).run(ctx, "dpkg", "-x", deb, root); err != nil {
			return err
		}
	}
	return nil
}

// home is where the packages put a major version, below a root.
func home(major string) string { return filepath.Join("usr", "lib", "postgresql", major) }

// jit is the JIT provider: without libLLVM it can't be loaded, and where there is
// none jit is off. Its bitcode is half of what the package holds.
func jit(major string) []string {
	return []string{filepath.Join(home(major), "lib/llvmjit.so"), filepath.Join(home(major), "lib/bitcode")}
}

// drop removes what nobody needs below root.
func drop(root string, useless ...string) error {
	for _, path := range useless {
		if err := os.RemoveAll(filepath.Join(root, path)); err != nil {
			return err
		}
	}
	return nil
}

// makeLaunchers writes the scripts of tree/bin for the place where tree will
// stand. The programs themselves stay in a folder that ends as the one they were
// built for, since from that they find their share folder.
func makeLaunchers(tree, final, major string) error {
	root := filepath.Join(tree, "root")
	if err := drop(root, jit(major)...); err != nil {
		return err
	}
	bin := filepath.Join(home(major), "bin")
	return eachLauncher(root, filepath.Join(final, "root"), filepath.Join(root, bin), filepath.Join(tree, "bin"), func(program, libraries string) string {
		return fmt.Sprintf("#!/bin/sh\nLD_LIBRARY_PATH='%s'${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\nexport LD_LIBRARY_PATH\nexec '%s' \"$@\"\n",
			libraries, shellQuote.Replace(filepath.Join(final, "root", bin, program)))
	})
}

// eachLauncher makes the folder bin with a script for each program in the folder
// programs. script makes its text, given the folders of libraries that will stand
// below final, quoted.
func eachLauncher(root, final, programs, bin string, script func(program, libraries string) string) error {
	all, err := os.ReadDir(programs)
	if err != nil {
		return err
	}
	libraries, err := libraryFolders(root)
	if err != nil {
		return err
	}
	for i, dir := range libraries {
		libraries[i] = filepath.Join(final, dir)
	}
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for _, program := range all {
		text := script(program.Name(), shellQuote.Replace(strings.Join(libraries, ":")))
		if err := os.WriteFile(filepath.Join(bin, program.Name()), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}

var shellQuote = strings.NewReplacer(`'`, `'\''`)

// libraryFolders are the folders of root, relative to it, that hold shared
// libraries for the loader: lib/x86_64-linux-gnu and the like.
func libraryFolders(root string) ([]string, error) {
	var folders []string
	for _, pattern := range []string{"usr/lib/*-linux-*", "lib/*-linux-*", "usr/lib", "lib"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, dir := range found {
			if libs, _ := filepath.Glob(filepath.Join(dir, "*.so*")); len(libs) > 0 {
				rel, err := filepath.Rel(root, dir)
				if err != nil {
					return nil, err
				}
				folders = append(folders, rel)
			}
		}
	}
	return folders, nil
}
