package faults

import (
	"regexp"
	"strings"
	"sync"
)

// phase is how far a run has come, as its statements show.
type phase int

const (
	prepare phase = iota
	schema
	data
	indexes
	constraints
	finish
	phases // how many there are
)

func (p phase) String() string {
	return [...]string{"prepare", "schema", "data", "indexes", "constraints", "finish", "none"}[p]
}

// moment is one thing that a fault can be tied to: a statement that the program sends, or a message of rows.
type moment struct {
	side  side
	phase phase
	app   string
	sql   string // of the statement; of a row, the COPY's
	bytes int    // of a message of rows, else 0
}

// tracker tells the phases of one run. It knows no more than the names that the program gives its connections and what its
// statements look like:
//
//	prepare      all on the source until the first COPY; on the target until the first DDL
//	schema       what connection "schema" does until the first statement on another writer
//	data         connections "copy-in" and "copy-out"
//	indexes      on "post-data": CREATE INDEX and what makes keys
//	constraints  on "post-data": all else (foreign keys, checks, triggers, ANALYZE)
//	finish       what connection "schema" does after that
type tracker struct {
	mu       sync.Mutex
	begun    bool // DDL was seen
	parallel bool // a COPY or a post-data statement was seen
	finished bool
	on       map[*link]phase // of the latest statement, for BEGIN, COMMIT and the like
}

var (
	// of a batch, too, where each statement begins on a line of its own behind BEGIN and the ledger's
	ddl     = regexp.MustCompile(`(?im)^\s*(/\*.*?\*/)?\s*(CREATE|ALTER|COMMENT|GRANT|REVOKE|DROP|ANALYZE|REFRESH)\b`)
	plain   = regexp.MustCompile(`(?i)^\s*(BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|RESET|SELECT|INSERT|UPDATE|SHOW|DELETE)\b`)
	copies  = regexp.MustCompile(`(?i)^\s*COPY\b|\blo_`)
	indexed = regexp.MustCompile(`(?i)\bINDEX\b|PRIMARY KEY|\bUNIQUE\b|\bEXCLUDE\b`)
	posted  = regexp.MustCompile(`(?i)FOREIGN KEY|VALIDATE|ANALYZE|TRIGGER|POLICY|\bRULE\b|\bCHECK\b`)
)

func (t *tracker) of(l *link, sql string) phase {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.on == nil {
		t.on = map[*link]phase{}
	}
	p := t.classify(l, sql)
	t.on[l] = p
	return p
}

func (t *tracker) classify(l *link, sql string) phase {
	app := l.application()
	if l.proxy.side == source {
		if app == "copy-out" && t.begun {
			return data
		}
		return t.now(prepare)
	}
	before, known := t.on[l]
	bookkeeping := (plain.MatchString(sql) || strings.Contains(sql, "_pgsluice")) && !ddl.MatchString(sql)
	switch app {
	case "copy-in":
		t.parallel = t.parallel || copies.MatchString(sql)
		return data
	case "post-data":
		t.parallel = t.parallel || !bookkeeping
		switch {
		case indexed.MatchString(sql) && !posted.MatchString(sql):
			return indexes
		case posted.MatchString(sql) || !bookkeeping:
			return constraints
		case known:
			return before
		}
		return indexes
	case "schema":
		if ddl.MatchString(sql) {
			t.begun = true
		}
		t.finished = t.finished || t.parallel && !strings.Contains(sql, "pgsluice")
	}
	return t.now(prepare)
}

// now is the phase of what belongs to no phase of its own.
func (t *tracker) now(early phase) phase {
	switch {
	case t.finished:
		return finish
	case t.parallel:
		return data
	case t.begun:
		return schema
	}
	return early
}

// latest is the phase of the latest statement on l.
func (t *tracker) latest(l *link) phase {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.on[l]
}
