package plan

import "pgsluice/internal/archive"

// wanted says whether an entry takes part (pg_restore, _tocEntryRequired). What is left out although the user did
// not ask for it has a reason.
func (c *Choices) wanted(e *archive.Entry) (ok bool, reason string) {
	switch e.Desc {
	case "ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "WARNING", "STATISTICS DATA":
		return false, ""
	}
	switch {
	case c.Wanted != nil && !c.Wanted[e.DumpID]:
		return false, ""
	case c.NoACL && e.IsACL(), c.NoComments && e.Desc == "COMMENT", c.NoDBSettings && e.OfDatabase():
		return false, ""
	case c.NoPublications && e.OfKind("PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"):
		return false, ""
	case !c.Subscriptions && e.OfKind("SUBSCRIPTION", "SUBSCRIPTION TABLE"):
		if e.Desc == "SUBSCRIPTION" && !c.DataOnly {
			return false, "two servers must not use one replication slot; --subscriptions creates it, not connected"
		}
		return false, ""
	}
	if e.IsData() || e.Desc == "MATERIALIZED VIEW DATA" { // its rows come by REFRESH; pg_restore leaves it out of --data-only
		return !c.SchemaOnly, ""
	}
	return !c.DataOnly && e.Defn != "", ""
}

// order turns pg_restore's passes into ours. section is the one that the entry stands in.
func order(e *archive.Entry, section archive.Section) Order {
	switch {
	case e.Pass() != archive.MainPass, e.OfDatabase():
		return After
	case section == archive.PreData:
		return Before
	}
	return Parallel
}

// pass sorts the After tasks: ACLs before what may need them (FACTS.md 10), the database's own settings last,
// because they may be such that nothing more can be written.
func pass(e *archive.Entry) int {
	switch {
	case e.OfDatabase():
		return 2
	case e.IsACL():
		return 0
	}
	return 1
}

func phase(e *archive.Entry, section archive.Section) Phase {
	switch {
	case order(e, section) == After:
		return Finish
	case e.IsData():
		return Data
	case section == archive.PreData:
		return Schema
	}
	switch e.Desc {
	case "INDEX", "INDEX ATTACH":
		return Indexes
	case "CONSTRAINT":
		if buildsIndex(e) {
			return Indexes
		}
		return Constraints
	case "FK CONSTRAINT", "CHECK CONSTRAINT":
		return Constraints
	}
	return Finish
}
