package cluster

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ownSettings are the package's own server parameters.
var ownSettings = map[string]string{
	// nothing here outlives its process, so nothing need survive a power cut;
	// an immediate shutdown is survived all the same
	"fsync":              "off",
	"full_page_writes":   "off",
	"synchronous_commit": "off",
	"shared_buffers":     "64MB", // several clusters share a small machine
	"max_connections":    "100",
}

// ownFile is the file of settings, read after those of postgresql.conf and
// before those of ALTER SYSTEM.
const ownFile = "pgsluice.conf"

// configure writes all configuration that a new data directory lacks.
func (c *Cluster) configure(opts Options) error {
	hba := opts.HBA
	if len(hba) == 0 {
		hba = []string{"local all all trust", "host all all 127.0.0.1/32 trust", "local replication all trust", "host replication all 127.0.0.1/32 trust"}
	}
	if err := c.write("pg_hba.conf", strings.Join(hba, "\n")+"\n"); err != nil {
		return err
	}
	conf, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conf, "\ninclude '%s'\n", ownFile); err != nil {
		conf.Close()
		return err
	}
	if err := conf.Close(); err != nil {
		return err
	}
	if opts.TLS.Cert != "" {
		if err := c.installTLS(opts.TLS); err != nil {
			return err
		}
	}
	return c.writeSettings()
}

// installTLS copies the files into the data directory: the server wants its key
// to belong to itself and to be closed to others.
func (c *Cluster) installTLS(t TLS) error {
	if c.settings == nil {
		c.settings = map[string]string{}
	}
	c.settings["ssl"] = "on"
	for setting, path := range map[string]string{"ssl_cert_file": t.Cert, "ssl_key_file": t.Key, "ssl_ca_file": t.CA} {
		if path == "" {
			continue
		}
		pem, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", setting, err)
		}
		name := setting + ".pem"
		if err := c.write(name, string(pem)); err != nil {
			return err
		}
		c.settings[setting] = name
	}
	return nil
}

// writeSettings writes the package's own settings, then the caller's.
func (c *Cluster) writeSettings() error {
	all := maps.Clone(ownSettings)
	maps.Copy(all, c.settings)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, quote.Replace(all[name]))
	}
	return c.write(ownFile, b.String())
}

var quote = strings.NewReplacer(`'`, `''`, `\`, `\\`, "\n", `\n`)

// write makes a file of the data directory, closed to others.
func (c *Cluster) write(name, content string) error {
	path := filepath.Join(c.data(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	return c.as.own(path)
}
