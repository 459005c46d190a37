package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pgsluice/internal/programs"
)

// makeData makes the data directory. The first cluster of its kind runs initdb
// and leaves a copy as a template in the cache; all later ones, in this and in
// other processes, copy that, which takes a tenth of the time.
func (c *Cluster) makeData(ctx context.Context, extra []string) error {
	args := append([]string{
		"-D", c.data(), "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync",
	}, extra...)
	if c.programs.Version >= 18 {
		args = append(args, "--no-data-checksums") // on by default from 18 on
	}
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	templates := filepath.Join(cache, "templates")
	if err := os.MkdirAll(templates, 0o700); err != nil {
		return err
	}
	name, err := templateName(c.programs, args[2:]) // without the folder
	if err != nil {
		return err
	}
	template := filepath.Join(templates, name)
	return locked(template+".lock", func() error {
		if _, err := os.Stat(template); err == nil {
			return copyTree(ctx, template, c.data(), c.as)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := c.initdb(ctx, args); err != nil {
			return err
		}
		return saveTemplate(ctx, c.data(), template)
	})
}

// templateName tells apart all that makes one data directory differ from another.
// Two builds of one version are told apart by the size of postgres and not by
// their folder: a copy of an installation, as tests make, needs no template of
// its own.
func templateName(p Programs, args []string) (string, error) {
	info, err := os.Stat(filepath.Join(p.Bin, programs.Executable("postgres")))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", info.Size(), strings.Join(args, "\x00")))
	return fmt.Sprintf("%s-%x", p.Full, sum[:6]), nil
}

// locked runs do while no other process runs it with the same path.
func locked(path string, do func() error) error {
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := lockFile(lock, true); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return do()
}

func (c *Cluster) initdb(ctx context.Context, args []string) error {
	cmd := c.command("initdb", args...)
	if err := prepare(cmd, c.as); err != nil {
		return err
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	child, err := run(cmd)
	if err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	select {
	case <-child.done:
	case <-ctx.Done():
		// initdb tidies up after SIGINT; its folder is removed anyway
		err := cmd.Process.Kill()
		<-child.done
		return errors.Join(context.Cause(ctx), err)
	}
	if child.err != nil {
		return fmt.Errorf("initdb: %w:\n%s", child.err, strings.TrimSpace(out.String()))
	}
	return nil
}

// saveTemplate copies a fresh data directory to template, which appears whole or
// not at all.
func saveTemplate(ctx context.Context, data, template string) error {
	draft, err := os.MkdirTemp(filepath.Dir(template), "draft-*")
	if err != nil {
		return err
	}
	if err := copyTree(ctx, data, filepath.Join(draft, "data"), account{}); err != nil {
		return errors.Join(err, os.RemoveAll(draft))
	}
	err = os.Rename(filepath.Join(draft, "data"), template)
	return errors.Join(err, os.RemoveAll(draft))
}
