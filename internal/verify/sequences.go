package verify

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"pgsluice/internal/archive"
	"pgsluice/internal/catalog"
)

// Sequence is where a sequence stands.
type Sequence struct {
	LastValue int64
	IsCalled  bool
	Increment int64
	Read      bool // LastValue and IsCalled are known
}

// behind says that s would give a value out that other has given already.
func (s Sequence) behind(other Sequence) bool {
	a, b := s.LastValue, other.LastValue
	if s.Increment < 0 {
		a, b = -a, -b
	}
	return a < b || a == b && !s.IsCalled && other.IsCalled
}

func (s Sequence) String() string {
	if s.IsCalled {
		return fmt.Sprint(s.LastValue)
	}
	return fmt.Sprintf("%d (not yet used)", s.LastValue)
}

func (s *Side) listSequences(ctx context.Context, r *reader) error {
	rows, err := r.rows(ctx, `
SELECT n.nspname, c.relname, q.seqincrement
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_sequence q ON q.seqrelid = c.oid
 WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND `+ofUser+`
   AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
        OR c.oid IN (SELECT pg_catalog.unnest(x.extconfig) FROM pg_catalog.pg_extension x))`)
	if err != nil {
		return err
	}
	for _, f := range rows {
		s.Sequences[archive.QualifiedName(f[0], f[1])] = Sequence{Increment: number(f[2])}
	}
	return nil
}

const sequencesAtOnce = 200

// readSequences reads those named in one question, or each alone if that fails.
func (s *Side) readSequences(ctx context.Context, r *reader, names []string) error {
	questions := make([]string, len(names))
	for i, name := range names {
		questions[i] = "SELECT " + catalog.Literal(name) + ", last_value, is_called FROM " + name
	}
	rows, err := r.rows(ctx, strings.Join(questions, " UNION ALL "))
	if err != nil && !r.unreadable(ctx, err) {
		return fmt.Errorf("sequences: %w", err)
	}
	if err != nil && len(names) > 1 {
		for _, name := range names {
			if err := s.readSequences(ctx, r, []string{name}); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		s.unverified("sequence "+names[0], err)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range rows {
		q := s.Sequences[f[0]]
		q.LastValue, q.IsCalled, q.Read = number(f[1]), f[2] == "t", true
		s.Sequences[f[0]] = q
	}
	return nil
}

// setval finds what pg_dump writes of a sequence's value (dumpSequenceData in pg_dump.c).
var setval = regexp.MustCompile(`pg_catalog\.setval\('.*', (-?\d+), (true|false)\);\s*$`)

// SetSequences takes the values of the sequences from a table of contents: what a copy has set. A sequence has no
// snapshot, and a source goes on after its table of contents was read.
func (s *Side) SetSequences(toc *archive.TOC) {
	for i := range toc.Entries {
		e := &toc.Entries[i]
		if e.Desc != "SEQUENCE SET" {
			continue
		}
		name := archive.QualifiedName(e.Namespace, e.Tag)
		if m := setval.FindStringSubmatch(e.Defn); m != nil {
			q := s.Sequences[name]
			q.LastValue, q.IsCalled, q.Read = number(m[1]), m[2] == "true", true
			s.Sequences[name] = q
		}
	}
}
