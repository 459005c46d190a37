package preflight

import (
	"fmt"
	"strconv"
	"strings"

	"pgsluice/internal/catalog"
)

// refusedExtensions are those whose tables are not what they seem, and what to use instead.
var refusedExtensions = map[string][2]string{
	"timescaledb": {
		"it is a TimescaleDB database: the chunks of hypertables stand in the extension's own catalogs, whose rows can't be loaded as they are",
		"copy it with pg_dump and pg_restore between timescaledb_pre_restore() and timescaledb_post_restore(), or by logical replication",
	},
	"citus": {
		"it is a Citus database: the rows of distributed tables lie on other servers, and what they are is in the extension's own catalogs",
		"undistribute_table() what is to be copied and DROP EXTENSION citus, or replicate from the workers",
	},
}

// Special refuses a source that can't be copied as an ordinary database.
func Special(extensions []catalog.Extension) []Finding {
	var findings []Finding
	for _, e := range extensions {
		if said, ok := refusedExtensions[e.Name]; ok {
			findings = append(findings, Finding{Side: Source, What: said[0], Do: said[1]})
		}
	}
	return findings
}

// Extensions judges whether the target can have the source's extensions.
func Extensions(c Choices, extensions []catalog.Extension, offers map[string]catalog.Offer, dst *catalog.Facts, around *catalog.Circumstances) []Finding {
	var findings []Finding
	add := func(level Level, do, what string, args ...any) {
		findings = append(findings, Finding{Level: level, Side: Target, What: fmt.Sprintf(what, args...), Do: do})
	}
	for _, e := range extensions {
		o := offers[e.Name]
		gets := o.Default
		switch {
		case refusedExtensions[e.Name][0] != "":
			continue
		case o.Installed != "":
			gets = o.Installed
			if o.Schema != e.Schema {
				add(Warning, fmt.Sprintf("ALTER EXTENSION %q SET SCHEMA %q, or DROP it there, or objects that name it fail", e.Name, e.Schema),
					"extension %q is in schema %s, on the source in %s", e.Name, o.Schema, e.Schema)
			}
		case o.Default == "":
			add(c.object(), "install its package on that server, or drop it on the source",
				"it does not have the extension %q%s", e.Name, ofVersion(e.Version))
			continue
		case o.Untrusted && !dst.Superuser && around.Provider == "":
			add(c.object(), fmt.Sprintf("let a superuser CREATE EXTENSION %q SCHEMA %q there first", e.Name, e.Schema),
				"only a superuser may create the extension %q, which user %q is not", e.Name, dst.User)
		case o.Untrusted && !dst.Superuser:
			add(Note, "CREATE EXTENSION there first shows whether it does",
				"extension %q is for superusers, unless the provider (%s) lets user %q create it", e.Name, around.Provider, dst.User)
		}
		switch {
		case gets == e.Version, e.Version == "":
		case older(gets, e.Version):
			add(Warning, "install the newer version of its package there, or see that nothing uses what came with it",
				"extension %q is of version %s there, older than the source's, %s", e.Name, gets, e.Version)
		default:
			add(Note, "", "extension %q is of version %s there, and of %s on the source", e.Name, gets, e.Version)
		}
	}
	return findings
}

// ofVersion says which version the source has, as far as that is known.
func ofVersion(version string) string {
	if version == "" {
		return ""
	}
	return " (the source has version " + version + ")"
}

// older compares the numbers in two versions. Extensions name them as they like; most write 1.10.
func older(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, errM := strconv.Atoi(x[i])
		n, errN := strconv.Atoi(y[i])
		if errM != nil || errN != nil {
			return x[i] < y[i]
		}
		if m != n {
			return m < n
		}
	}
	return len(x) < len(y)
}
