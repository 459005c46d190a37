package preflight

import (
	"fmt"
	"math"
	"slices"

	"pgsluice/internal/catalog"
	"pgsluice/internal/plan"
)

// checkpoints are forced by a load; each writes all that is dirty, and makes the pages that are touched next go to WAL as
// a whole. More than these are worth a setting.
const fewCheckpoints = 20

// Writable judges whether the role may write to the target, and what stands ready there.
func Writable(user, database string, around *catalog.Circumstances) []Finding {
	var findings []Finding
	if !around.MayCreate {
		findings = append(findings, Finding{
			Side: Target, What: fmt.Sprintf("user %q may not create schemas in database %q, which the transfer's own record needs, too", user, database),
			Do: "GRANT CREATE ON DATABASE, or own it",
		})
	}
	if len(around.LaggingSlots) > 0 {
		findings = append(findings, Finding{
			Level: Warning, Side: Target, What: "all that is written stays in its WAL for replication slots that nobody reads: " + few(around.LaggingSlots),
			Do: "pg_drop_replication_slot() those that are forgotten, or see that there is room",
		})
	}
	return findings
}

// Room judges what the plan writes against the target's limits. Only with rows.
func Room(p *plan.Plan, s *catalog.Source, src, dst *catalog.Circumstances) []Finding {
	var rows, indexes, largest int64
	largestName := ""
	for _, t := range p.Tasks {
		if t.Kind == plan.Rows {
			rows += t.Bytes
		}
	}
	for _, i := range s.Indexes {
		indexes += i.Bytes
		if i.Bytes > largest {
			largest = i.Bytes
			if r := s.Relations[i.Table]; r != nil {
				largestName = r.Name
			}
		}
	}
	findings := []Finding{{
		Level: Note, Side: Target,
		What: fmt.Sprintf("it needs room for about %s, as the source's database takes, and for WAL; how much is free can't be seen over SQL", Bytes(src.DatabaseBytes)),
		Do:   "look with df on the server, or in the provider's console",
	}}
	if n := (rows + indexes) / max(dst.MaxWALSize, 1); n > fewCheckpoints {
		better := int64(math.Pow(2, math.Ceil(math.Log2(float64((rows+indexes)/fewCheckpoints)))))
		findings = append(findings, Finding{
			Level: Warning, Side: Target,
			What: fmt.Sprintf("max_wal_size is %s, and about %s of WAL come: more than %d checkpoints are forced", power(dst.MaxWALSize), Bytes(rows+indexes), n),
			Do:   fmt.Sprintf("ALTER SYSTEM SET max_wal_size = '%s' for the copy, and reload", power(min(better, 64<<30))),
		})
	}
	if dst.TempFileLimit >= 0 && largest > dst.TempFileLimit {
		findings = append(findings, Finding{
			Level: Warning, Side: Target,
			What: fmt.Sprintf("temp_file_limit is %s, less than the largest index takes to be sorted: about %s, on table %s", power(dst.TempFileLimit), Bytes(largest), largestName),
			Do:   "raise it for the copy: --set temp_file_limit=-1 as a superuser, or in the server's settings",
		})
	}
	return findings
}

// Trees judges the target's lock table against the largest partition tree, all of which some statements lock.
func Trees(largest int, dst *catalog.Facts) []Finding {
	if largest <= dst.LockSlots {
		return nil
	}
	return []Finding{{
		Level: Warning, Side: Target,
		What: fmt.Sprintf("a partitioned table has %d partitions and indexes, and its lock table room for %d locks", largest, dst.LockSlots),
		Do:   fmt.Sprintf("set max_locks_per_transaction to %d or more and restart it", 64*(1+largest/max(dst.LockSlots, 1))),
	}}
}

// Bytes writes a size with three digits: 812 MB, 1.50 GB. The units are powers of 1000, as everywhere in reports.
func Bytes(n int64) string {
	value, unit := float64(n), 0
	for value >= 999.5 && unit < 5 {
		value, unit = value/1000, unit+1
	}
	name := []string{"B", "kB", "MB", "GB", "TB", "PB"}[unit]
	switch {
	case unit == 0:
		return fmt.Sprintf("%d B", n)
	case value < 9.995:
		return fmt.Sprintf("%.2f %s", value, name)
	case value < 99.95:
		return fmt.Sprintf("%.1f %s", value, name)
	}
	return fmt.Sprintf("%.0f %s", value, name)
}

// power writes a size as the server's settings have it, in powers of 1024.
func power(n int64) string {
	for i, unit := range []string{"TB", "GB", "MB", "kB"} {
		if size := int64(1) << (40 - 10*i); n >= size && n%size == 0 {
			return fmt.Sprintf("%d%s", n/size, unit)
		}
	}
	return fmt.Sprintf("%dkB", n>>10)
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
