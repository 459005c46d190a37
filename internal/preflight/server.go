package preflight

import (
	"fmt"

	"pgsluice/internal/catalog"
)

// The servers that pgsluice has been tried with.
const (
	OldestServer = 12
	NewestServer = 18
)

// Choices are what the user chose, as far as a check depends on it; see transfer.Options for the meaning of each.
type Choices struct {
	SchemaOnly, DataOnly, NoTablespaces, NoPublications bool
	// Continue says that an object that fails is left out, and stops nothing.
	Continue bool
	Clean    bool
	Confirm  string // the name that goes with Clean
}

// object is the level of a finding that makes some objects fail.
func (c Choices) object() Level {
	if c.Continue {
		return Warning
	}
	return Error
}

// Pair is what is known of the two servers.
type Pair struct {
	Choices
	Source *catalog.Facts
	Target *catalog.Facts // nil where only the source is looked at
	// TargetName is where the target is, for people.
	TargetName string
	// OneServer says that the two share their connections.
	OneServer bool
	// SourceConnections and TargetConnections are how many the transfer needs at least, but for one on each side that is
	// open already.
	SourceConnections, TargetConnections int
}

// Servers judges the two servers by their facts.
func (p Pair) Servers() []Finding {
	findings := p.source()
	if p.Target == nil {
		return findings
	}
	findings = append(findings, p.target()...)
	free := min(p.Source.FreeConnections, p.Target.FreeConnections)
	if needed := p.SourceConnections + p.TargetConnections; p.OneServer && free < needed {
		findings = append(findings, Finding{
			What: fmt.Sprintf("source and target are one server: %d connections are free, but %d are needed", free, needed),
			Do:   "end other sessions, or raise max_connections",
		})
	}
	if p.Source.Version/10000 > p.Target.Version/10000 {
		findings = append(findings, Finding{
			Level: Warning, Side: Target,
			What: fmt.Sprintf("its version, %s, is older than the source's, %s: some objects may not be understood", p.Target.VersionText, p.Source.VersionText),
			Do:   "what fails is named; --on-error continue goes on with the rest",
		})
	}
	return append(findings, p.encodings()...)
}

func (p Pair) source() []Finding {
	src := p.Source
	findings := version(Source, src)
	if src.FreeConnections < p.SourceConnections {
		findings = append(findings, Finding{
			Side: Source, What: fmt.Sprintf("%d connections are free, but %d are needed", src.FreeConnections, p.SourceConnections),
			Do: "end other sessions, or raise the connection limit that holds: the server's, the database's or the role's",
			// to look further takes two
			Blocks: src.FreeConnections < 2,
		})
	}
	// pg_dump and two holders lock each table; a slot holds two such locks
	if !p.SchemaOnly && src.Tables*3 > src.LockSlots*2 {
		findings = append(findings, Finding{
			Side: Source, What: fmt.Sprintf("%d tables are more than its lock table has room for", src.Tables),
			Do: fmt.Sprintf("set max_locks_per_transaction to %d or more and restart it", 64*(1+src.Tables*3/(2*max(src.LockSlots, 1)))),
		})
	}
	return findings
}

func (p Pair) target() []Finding {
	dst := p.Target
	findings := version(Target, dst)
	if dst.InRecovery {
		findings = append(findings, Finding{Side: Target, What: p.TargetName + " is a standby, it can't be written", Do: "name its primary"})
	} else if dst.ReadOnly {
		findings = append(findings, Finding{
			Side: Target, What: fmt.Sprintf("%s is read-only (default_transaction_read_only is on for user %q)", p.TargetName, dst.User),
			Do: "ALTER DATABASE or ALTER ROLE … SET default_transaction_read_only = off",
		})
	}
	if p.Clean && p.Confirm != dst.Database {
		findings = append(findings, Finding{What: fmt.Sprintf("--confirm %q is not the target database's name, %q: nothing was dropped", p.Confirm, dst.Database)})
	}
	if dst.FreeConnections < p.TargetConnections {
		findings = append(findings, Finding{
			Side: Target, What: fmt.Sprintf("%d connections are free, but %d are needed", dst.FreeConnections, p.TargetConnections),
			Do: "end other sessions, or raise the connection limit that holds: the server's, the database's or the role's",
		})
	}
	return findings
}

func version(side string, f *catalog.Facts) []Finding {
	switch major := f.Version / 10000; {
	case major < OldestServer:
		return []Finding{{
			Side: side, What: fmt.Sprintf("server version %s is too old; %d is the oldest that is supported", f.VersionText, OldestServer),
			Do: "upgrade it first", Blocks: side == Source,
		}}
	case major > NewestServer:
		return []Finding{{
			Level: Warning, Side: side, What: fmt.Sprintf("server version %s is newer than %d, the newest that this pgsluice was tried with", f.VersionText, NewestServer),
			Do: "look for a newer pgsluice, and compare with --verify",
		}}
	}
	return nil
}

func (p Pair) encodings() []Finding {
	src, dst := p.Source.Encoding, p.Target.Encoding
	f := Finding{Level: Warning, Side: Target}
	switch {
	case src == dst:
		return nil
	case src == "SQL_ASCII":
		f.What = fmt.Sprintf("its encoding is %s, the source's SQL_ASCII, which lets any byte pass: a value that is no %s fails, with its table", dst, dst)
		f.Do = "mend such values on the source first, or make the target with ENCODING 'SQL_ASCII'"
	case dst == "SQL_ASCII":
		f.What = fmt.Sprintf("its encoding is SQL_ASCII, the source's %s: text arrives byte for byte, and nothing checks it from then on", src)
		f.Do = fmt.Sprintf("make the target with ENCODING '%s' TEMPLATE template0", src)
	default:
		f.What = fmt.Sprintf("its encoding is %s, the source's %s: text is converted, and what can't be is an error", dst, src)
		f.Do = fmt.Sprintf("make the target with ENCODING '%s' TEMPLATE template0, unless the change is wanted", src)
		if dst == "UTF8" {
			f.Do = "columns of a limited length count characters, not bytes, and have room for all"
		}
	}
	return []Finding{f}
}
