package preflight

import (
	"fmt"
	"time"

	"pgsluice/internal/catalog"
)

const (
	// autovacuum_freeze_max_age is 200 million as a default; the server stops at 2^31
	highAge = 500_000_000
	// a transaction that is this long open is forgotten, not slow
	longOpen = time.Hour
)

// Readable judges what the role may not read of the source.
func Readable(c Choices, user string, u *catalog.Unreadable) []Finding {
	var findings []Finding
	may := func(n int, what string, names []string, grant string) {
		if n > 0 {
			if len(names) > 0 {
				what += ": " + few(names)
			}
			findings = append(findings, Finding{Side: Source, What: fmt.Sprintf("user %q may not read %s", user, what), Do: grant, Blocks: true})
		}
	}
	const all = ", or from version 14 on pg_read_all_data"
	may(len(u.Schemas), count(len(u.Schemas), "schema"), u.Schemas, "GRANT USAGE ON SCHEMA … and SELECT on what is in it"+all)
	may(len(u.Tables), count(len(u.Tables), "table"), u.Tables, "GRANT SELECT ON ALL TABLES IN SCHEMA …"+all)
	may(len(u.Sequences), count(len(u.Sequences), "sequence"), u.Sequences, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA …"+all)
	if !c.SchemaOnly {
		may(u.LargeObjects, count(u.LargeObjects, "large object"), nil,
			"GRANT SELECT ON LARGE OBJECT … (pg_read_all_data does not cover them), or copy as their owner")
		if len(u.Policies) > 0 {
			findings = append(findings, Finding{
				Level: c.object(), Side: Source,
				What: fmt.Sprintf("row-level security binds user %q on table %s, rows would be missing", user, few(u.Policies)),
				Do:   "read as a role with BYPASSRLS, or ALTER TABLE … NO FORCE ROW LEVEL SECURITY if it is the owner",
			})
		}
	}
	return findings
}

// Condition judges the state that the source is in.
func Condition(c Choices, f *catalog.Facts, around *catalog.Circumstances) []Finding {
	var findings []Finding
	add := func(level Level, do, what string, args ...any) {
		findings = append(findings, Finding{Level: level, Side: Source, What: fmt.Sprintf(what, args...), Do: do})
	}
	age, unit := around.FrozenAge, "transactions"
	if around.MultiAge > age {
		age, unit = around.MultiAge, "multixacts"
	}
	if age >= highAge {
		level := Note
		if age >= 2*highAge {
			level = Warning
		}
		add(level, "VACUUM FREEZE before the copy: while its snapshot is held, vacuum can't make that less", "its oldest row is %d million %s old, of 2147", age/1_000_000, unit)
	}
	if around.Prepared > 0 {
		add(Note, "COMMIT PREPARED or ROLLBACK PREPARED them (pg_prepared_xacts): what they did is not copied, and their locks can hold a copy up",
			"%s, the oldest for %s", count(around.Prepared, "prepared transaction"), around.PreparedSince.Round(time.Second))
	}
	if around.OldestSince > longOpen {
		add(Note, "what it did is not copied, and its locks can hold a copy up: end it if it is forgotten",
			"a transaction is open for %s: %s", around.OldestSince.Round(time.Minute), around.Oldest)
	}
	if around.SnapshotTooOld != "" && !c.SchemaOnly {
		add(Warning, "set it to -1 for the copy", "old_snapshot_threshold is %s: reads that come later fail with \"snapshot too old\"", around.SnapshotTooOld)
	}
	if f.InRecovery && !around.Feedback && around.DelayLimit != "-1" && !c.SchemaOnly {
		add(Warning, "set hot_standby_feedback = on, or max_standby_streaming_delay = -1, on it for the copy",
			"it is a standby with max_standby_streaming_delay = %s: what the primary vacuums meanwhile ends the snapshot, and the copy", around.DelayLimit)
	}
	if around.ForeignTables > 0 {
		add(Note, "", "%s: the definitions are copied, not the rows", count(around.ForeignTables, "foreign table"))
	}
	if around.HiddenMappings > 0 && !c.DataOnly {
		add(Warning, "ALTER USER MAPPING … OPTIONS on the target afterwards", "the options of %s can't be seen by user %q, such as passwords", count(around.HiddenMappings, "user mapping"), f.User)
	}
	return findings
}

// Unlogged tells of tables whose rows a standby does not have.
func Unlogged(f *catalog.Facts, s *catalog.Source) []Finding {
	var names []string
	for _, r := range s.Relations {
		if f.InRecovery && r.Unlogged {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Finding{{
		Level: Warning, Side: Source, What: fmt.Sprintf("it is a standby, which does not have the rows of unlogged tables: %s", few(sorted(names))),
		Do: "copy from the primary, if they are wanted",
	}}
}
